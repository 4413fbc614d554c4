/**
 * The database of the embedded store: its tables, its format version, and how it is opened. One
 * process at a time writes it. A commit is on disk when it returns (WAL, synchronous=FULL).
 */
import { mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, WeirError } from "../../core/errors.ts";

/** Raised with every change that older programs cannot read. */
export const FORMAT_VERSION = 1;
/** Marks the file as ours ("weir"). */
const APPLICATION_ID = 0x77656972;
const PAGE_BYTES = 4096;
export const FILE_NAME = "store.db";
const LOCK_NAME = "store.lock";

/**
 * A stream is one file's life in one topic; a source is a stream with what was known of the file at
 * the time. Ranges are the bytes of a stream that are stored: they make each line stored once. A
 * block's text stands in a table of its own, so that looking through the blocks does not read it.
 * Groups and slices are the filters. The journal holds the lines of the open block.
 */
const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE streams (
  id INTEGER PRIMARY KEY, topic TEXT NOT NULL, generation TEXT NOT NULL, state TEXT NOT NULL,
  UNIQUE (topic, generation)
);
CREATE TABLE ranges (
  stream INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
  PRIMARY KEY (stream, start)
) WITHOUT ROWID;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, host TEXT NOT NULL, path TEXT NOT NULL,
  fields TEXT NOT NULL, UNIQUE (stream, host, path, fields)
);
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
  lines INTEGER NOT NULL, first_seq INTEGER NOT NULL, raw_bytes INTEGER NOT NULL,
  text_bytes INTEGER NOT NULL, column_bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,
  ingested_ms INTEGER NOT NULL, sources TEXT NOT NULL, joined INTEGER NOT NULL,
  levels BLOB NOT NULL,
  minutes BLOB NOT NULL, columns BLOB NOT NULL
);
CREATE TABLE texts (id INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE groups (
  id INTEGER PRIMARY KEY, first_block INTEGER NOT NULL, last_block INTEGER NOT NULL,
  places INTEGER NOT NULL
);
CREATE TABLE slices (id INTEGER PRIMARY KEY, bits BLOB NOT NULL);
CREATE TABLE journal (id INTEGER PRIMARY KEY, columns BLOB NOT NULL, text BLOB NOT NULL);
`;

/** The database, and the lock that keeps other processes out until it is closed. */
export interface OpenedDatabase {
  database: DatabaseSync;
  lock: DatabaseSync;
}

/**
 * Opens the database in `folder`, makes it where there is none. Throws STORE_BUSY where a process
 * has it open, STORE_VERSION for one of another version, STORE_DAMAGED for a file that is something
 * else, STORE_FAILED (retriable) where the system does not let us.
 */
export function openDatabase(folder: string): OpenedDatabase {
  const path = `${folder}/${FILE_NAME}`;
  const opened: DatabaseSync[] = [];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = new DatabaseSync(`${folder}/${LOCK_NAME}`);
    opened.push(lock);
    // Held by the system, so that it ends with the process however that ends.
    lock.exec("PRAGMA busy_timeout=500; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE");
    const database = new DatabaseSync(path);
    opened.push(database);
    prepare(database, path);
    return { database, lock };
  } catch (error) {
    for (const one of opened) one.close();
    throw error instanceof WeirError ? error : storeError(error, `Cannot open ${path}`);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  database.exec("PRAGMA busy_timeout=2000");
  const version = pragma(database, "user_version");
  const application = pragma(database, "application_id");
  const fresh = version === 0 && application === 0 && pragma(database, "page_count") === 0;
  if (fresh) {
    database.exec(`PRAGMA page_size=${PAGE_BYTES}; PRAGMA auto_vacuum=INCREMENTAL`);
  } else if (application !== APPLICATION_ID) {
    throw new WeirError("STORE_DAMAGED", `Cannot open ${path}: it is no store of Weir`, {
      hint: "Give another data folder with --data.",
    });
  } else if (version !== FORMAT_VERSION) {
    throw otherVersion(path, `it has format ${version}, this program knows ${FORMAT_VERSION}`);
  } else {
    const other = otherColumns(database);
    if (other !== "") throw otherVersion(path, `its table ${other} is of another version`);
  }
  database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
    PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=2000`);
  if (fresh) {
    database.exec(`BEGIN IMMEDIATE; ${TABLES}
      PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${FORMAT_VERSION}; COMMIT`);
  }
}

function otherVersion(path: string, reason: string): WeirError {
  return new WeirError("STORE_VERSION", `Cannot open ${path}: ${reason}`, {
    hint: "Use the version of Weir that wrote it, or another data folder with --data.",
  });
}

/** The first table whose columns are not those of this program; empty where all are. */
function otherColumns(database: DatabaseSync): string {
  const own = new DatabaseSync(":memory:");
  try {
    own.exec(TABLES);
    const tables = own.prepare("SELECT name FROM sqlite_schema WHERE type='table'").all();
    const names = tables.map((row) => String(row.name)).filter((name) =>
      !name.startsWith("sqlite_")
    );
    return names.find((name) => columnsOf(own, name) !== columnsOf(database, name)) ?? "";
  } finally {
    own.close();
  }
}

function columnsOf(database: DatabaseSync, table: string): string {
  const rows = database.prepare(`PRAGMA table_info(${table})`).all();
  return rows.map((row) => `${row.name} ${row.type}`).join(",");
}

/** The value of a pragma that is a number. */
export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? { value: 0 })[0]);
}

const FULL = 13, CORRUPT = 11, NOT_A_DATABASE = 26, BUSY = 5, LOCKED = 6;

/**
 * What SQLite threw, as a WeirError: STORE_FULL, STORE_BUSY, STORE_FAILED (retriable) or
 * STORE_DAMAGED.
 */
export function storeError(error: unknown, action: string): WeirError {
  if (error instanceof WeirError) return error;
  const text = messageOf(error);
  const code = codeOf(error, text);
  if (code === FULL) return storeFull(action, error);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new WeirError("STORE_DAMAGED", `${action}: ${text}`, {
      hint: "Move the data folder away; what is still in the log files is read again.",
      cause: error,
    });
  }
  if (code === BUSY || code === LOCKED) {
    return new WeirError("STORE_BUSY", `${action}: another process has it open`, {
      hint: "Stop the other process, or give another data folder with --data.",
      retriable: true,
      cause: error,
    });
  }
  return new WeirError("STORE_FAILED", `${action}: ${text}`, {
    hint: "See whether the disk of the data folder is healthy and writable.",
    retriable: true,
    cause: error,
  });
}

/** The result code; `exec` of this runtime gives the text alone, which SQLite keeps the same. */
function codeOf(error: unknown, text: string): number {
  const code = Number((error as { errcode?: number }).errcode ?? 0) & 0xff;
  if (code !== 0) return code;
  if (/disk is full|ENOSPC|os error 28/.test(text)) return FULL;
  if (/is locked/.test(text)) return BUSY;
  if (/not a database/.test(text)) return NOT_A_DATABASE;
  return /malformed/.test(text) ? CORRUPT : 0;
}

export function storeFull(action: string, cause?: unknown): WeirError {
  return new WeirError("STORE_FULL", `${action}: the disk is full`, {
    hint:
      "Make room on the disk of the data folder, or lower its retention; intake then goes on by itself.",
    retriable: true,
    cause,
  });
}
