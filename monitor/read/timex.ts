/**
 * The kernel's account of its clock: how wrong it is, and whether something sets it. There is no
 * file for it, so it is asked with the C library's adjtimex, which changes nothing when it is told
 * to change nothing.
 */

/** Bytes of `struct timex` on systems of 64 bits. */
const TIMEX_BYTES = 208;

/** Calls adjtimex; returns its result and the filled structure. Throws where there is none. */
export type AskClock = () => { result: number; bytes: Uint8Array };

/** adjtimex of the C library, which is loaded at the first call. Throws where it cannot be. */
export function systemClockState(): AskClock {
  let call: ((buffer: Uint8Array<ArrayBuffer>) => number) | undefined;
  return () => {
    call ??= Deno.dlopen("libc.so.6", {
      adjtimex: { parameters: ["buffer"], result: "i32" },
    }).symbols.adjtimex;
    const bytes = new Uint8Array(TIMEX_BYTES);
    const result = call(bytes);
    if (result < 0) throw new Error("the kernel does not tell (adjtimex)");
    return { result, bytes };
  };
}

/** TIME_ERROR: nothing sets the clock. */
const NOT_SYNCHRONISED = 5;
/** STA_NANO in the status: offset and jitter are nanoseconds, else microseconds. */
const NANOSECONDS = 0x2000;
/** Frequencies are parts per million with 16 bits behind the point. */
const SCALED_PPM = 65_536e6;

/** Figures of node_timex_*, by what follows that. */
export function parseTimex({ result, bytes }: ReturnType<AskClock>): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const long = (at: number) => Number(view.getBigInt64(at, true));
  const status = view.getInt32(40, true);
  const unit = (status & NANOSECONDS) === 0 ? 1e6 : 1e9;
  return new Map([
    ["estimated_error_seconds", long(32) / 1e6],
    ["frequency_adjustment_ratio", 1 + long(16) / SCALED_PPM],
    ["loop_time_constant", long(48)],
    ["maxerror_seconds", long(24) / 1e6],
    ["offset_seconds", long(8) / unit],
    ["pps_calibration_total", long(136)],
    ["pps_error_total", long(144)],
    ["pps_frequency_hertz", long(96) / SCALED_PPM],
    ["pps_jitter_seconds", long(104) / unit],
    ["pps_jitter_total", long(128)],
    ["pps_shift_seconds", view.getInt32(112, true)],
    ["pps_stability_exceeded_total", long(152)],
    ["pps_stability_hertz", long(120) / SCALED_PPM],
    ["status", status],
    ["sync_status", result === NOT_SYNCHRONISED ? 0 : 1],
    ["tai_offset_seconds", view.getInt32(160, true)],
    ["tick_seconds", long(88) / 1e6],
  ]);
}
