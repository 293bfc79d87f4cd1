/**
 * Finds the topic in requests and the error code in responses of Kafka's most used APIs, by their versions. What it cannot
 * find, because a version names topics by number, or the bytes were not kept, is empty.
 */
import { api, kafkaError } from './kafka-names.ts';

/** Reads on from a place; once past the end it is broken and says nothing more. */
interface Cursor {
  at: number;
  readonly end: number;
  readonly bytes: Buffer;
  isBroken: boolean;
}

const nameLimit = 249;
const none = '';

function skip(cursor: Cursor, size: number): void {
  cursor.at += size;
  if (size < 0 || cursor.at > cursor.end) cursor.isBroken = true;
}

function isBroken(cursor: Cursor): boolean {
  return cursor.isBroken;
}

function int16(cursor: Cursor): number {
  skip(cursor, 2);
  return cursor.isBroken ? 0 : cursor.bytes.readInt16BE(cursor.at - 2);
}

function int32(cursor: Cursor): number {
  skip(cursor, 4);
  return cursor.isBroken ? 0 : cursor.bytes.readInt32BE(cursor.at - 4);
}

/** Seven bits at a time, lowest first. */
function unsigned(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    skip(cursor, 1);
    if (isBroken(cursor)) return 0;
    const byte = cursor.bytes[cursor.at - 1] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  cursor.isBroken = true;
  return 0;
}

/** A string that may be null; flexible versions have its length plus one. */
function text(cursor: Cursor, isFlexible: boolean): string {
  const size = isFlexible ? unsigned(cursor) - 1 : int16(cursor);
  if (cursor.isBroken || size < 0) return none;
  skip(cursor, size);
  return isBroken(cursor) || size > nameLimit ? none : cursor.bytes.toString('utf8', cursor.at - size, cursor.at);
}

function count(cursor: Cursor, isFlexible: boolean): number {
  return isFlexible ? unsigned(cursor) - 1 : int32(cursor);
}

/** Fields that newer versions add to a header: none of them matters. */
function skipTags(cursor: Cursor): void {
  for (let left = unsigned(cursor); left > 0 && !isBroken(cursor); left -= 1) {
    unsigned(cursor);
    skip(cursor, unsigned(cursor));
  }
}

/** First version with compact strings and tags. */
const flexibleFrom: Readonly<Record<number, number>> = {
  [api.produce]: 9,
  [api.fetch]: 12,
  [api.listOffsets]: 6,
  [api.metadata]: 9,
  [api.findCoordinator]: 3,
  [api.joinGroup]: 6,
  [api.heartbeat]: 4,
  [api.leaveGroup]: 4,
  [api.syncGroup]: 4,
  [api.apiVersions]: 3,
  [api.initProducerId]: 2,
  [api.saslAuthenticate]: 2,
};

function isFlexibleVersion(key: number, version: number): boolean {
  return version >= (flexibleFrom[key] ?? Infinity);
}

const uuidSize = 16;

/** Moves to the topics; false when this API or version has none by name. */
function seekTopics(cursor: Cursor, key: number, version: number, isFlexible: boolean): boolean {
  switch (key) {
    case api.produce:
      if (version >= 13) return false;
      if (version >= 3) text(cursor, isFlexible);
      skip(cursor, 6);
      return true;
    case api.fetch:
      if (version >= 13) return false;
      skip(cursor, 12 + (version >= 3 ? 4 : 0) + (version >= 4 ? 1 : 0) + (version >= 7 ? 8 : 0));
      return true;
    case api.listOffsets:
      skip(cursor, 4 + (version >= 2 ? 1 : 0));
      return true;
    case api.metadata:
      return true;
    default:
      return false;
  }
}

/** The first topic of a request. `from` is where its client id starts. */
export function requestTopic(bytes: Buffer, from: number, end: number, key: number, version: number): string {
  const cursor: Cursor = { bytes, at: from, end, isBroken: false };
  const isFlexible = isFlexibleVersion(key, version);
  // The client id keeps its old form in every header.
  text(cursor, false);
  if (isFlexible) skipTags(cursor);
  if (!seekTopics(cursor, key, version, isFlexible) || count(cursor, isFlexible) < 1) return none;
  if (key === api.metadata && version >= 10) skip(cursor, uuidSize);
  const topic = text(cursor, isFlexible);
  return cursor.isBroken || !/^[\w.-]+$/.test(topic) ? none : topic;
}

/** Must the producer be answered? Not when it wants no acknowledgement. */
export function wantsAnswer(bytes: Buffer, from: number, end: number, key: number, version: number): boolean {
  if (key !== api.produce) return true;
  const cursor: Cursor = { bytes, at: from, end, isBroken: false };
  text(cursor, false);
  const isFlexible = isFlexibleVersion(key, version);
  if (isFlexible) skipTags(cursor);
  if (version >= 3) text(cursor, isFlexible);
  const acks = int16(cursor);
  return cursor.isBroken || acks !== 0;
}

/** APIs whose error code comes first, or after the throttle time from this version on. */
const throttledFrom: Readonly<Record<number, number>> = {
  [api.findCoordinator]: 1,
  [api.joinGroup]: 2,
  [api.heartbeat]: 1,
  [api.leaveGroup]: 1,
  [api.syncGroup]: 1,
  [api.saslHandshake]: Infinity,
  [api.saslAuthenticate]: Infinity,
  [api.apiVersions]: Infinity,
  [api.initProducerId]: 0,
};

/** The first partition's code, of the first topic. */
function produceError(cursor: Cursor, isFlexible: boolean): number {
  if (count(cursor, isFlexible) < 1) return 0;
  text(cursor, isFlexible);
  if (count(cursor, isFlexible) < 1) return 0;
  skip(cursor, 4);
  return int16(cursor);
}

function fetchError(cursor: Cursor, version: number, isFlexible: boolean): number {
  skip(cursor, version >= 1 ? 4 : 0);
  if (version >= 7) {
    const code = int16(cursor);
    if (code !== 0) return code;
    skip(cursor, 4);
  }
  if (count(cursor, isFlexible) < 1) return 0;
  if (version >= 13) skip(cursor, uuidSize);
  else text(cursor, isFlexible);
  if (count(cursor, isFlexible) < 1) return 0;
  skip(cursor, 4);
  return int16(cursor);
}

/** `from` is what follows the correlation id. */
export function responseError(bytes: Buffer, from: number, end: number, key: number, version: number): string {
  const cursor: Cursor = { bytes, at: from, end, isBroken: false };
  const isFlexible = isFlexibleVersion(key, version);
  // The header of ApiVersions has no tags, so that clients of any age can read it.
  if (isFlexible && key !== api.apiVersions) skipTags(cursor);
  let code: number;
  if (key === api.produce) code = version >= 13 ? 0 : produceError(cursor, isFlexible);
  else if (key === api.fetch) code = fetchError(cursor, version, isFlexible);
  else {
    const throttled = throttledFrom[key];
    if (throttled === undefined || (key === api.findCoordinator && version >= 4)) return none;
    if (version >= throttled) skip(cursor, 4);
    code = int16(cursor);
  }
  return cursor.isBroken ? none : kafkaError(code);
}
