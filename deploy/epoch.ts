/** The time of every file inside what is built, so that two builds of one checkout are equal. */
export const BUILD_TIME = new Date(Date.UTC(2026, 0, 1));
