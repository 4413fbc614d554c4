/**
 * Whether Kafka is about to remove records before they are read: an alarm while there is still time
 * to act. By the topic's retention.ms where it is known, and by how near the committed offset is to
 * the first one that Kafka still has, where that moves.
 */
import type { Lane } from "./lane.ts";

/** Of retention.ms, from which on a record that waits is in danger. */
const AGE_MAX = 0.7;
/** Of what Kafka holds: the oldest part, in which a reader is in danger. */
const MARGIN_MIN = 0.2;

export interface LossSigns {
  /** First offset that Kafka has, and the one that it had when the lane began. */
  logStart: number;
  logStartFirst: number;
  /** Offset from which on nothing is committed. */
  committed: number;
  /** Behind the newest record. */
  highWatermark: number;
  /** Time of the newest record that was read, ms since 1970; 0 before the first. */
  readMs: number;
}

/** Why records are in danger; empty where none is. `retentionMs` 0: unknown or without end. */
export function lossAhead(signs: LossSigns, retentionMs: number, nowMs: number): string {
  const { logStart, logStartFirst, committed, highWatermark, readMs } = signs;
  if (highWatermark < 0 || committed < 0 || highWatermark <= committed) return "";
  const age = nowMs - readMs;
  if (retentionMs > 0 && readMs > 0 && age > AGE_MAX * retentionMs) {
    return `records wait for ${minutes(age)} min, Kafka keeps them ${minutes(retentionMs)} min`;
  }
  const held = highWatermark - logStart, left = committed - logStart;
  if (logStart > logStartFirst && left < MARGIN_MIN * held) {
    return `Kafka removes records, and is ${Math.max(0, left)} before what is not yet read`;
  }
  return "";
}

function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}

export function signsOf(lane: Lane): LossSigns {
  const { logStart, logStartFirst, committed, highWatermark, readMs } = lane;
  return { logStart, logStartFirst, committed, highWatermark, readMs };
}
