/** Tells what to do about a failed insert: whose fault it was decides whether trying again can help. */
import { ClickHouseError } from '@clickhouse/client';

export type Failure =
  /** The store is away, busy or misconfigured: try again until it is not. */
  | 'store'
  /** The store's disk is full: the same, and someone has to make room. */
  | 'full'
  /** The tables are not there: migrate, then try again. */
  | 'schema'
  /** The batch cannot be read by the store: trying again would block everything behind it. */
  | 'batch'
  /** Not known to be either: worth a few attempts. */
  | 'unclear';

/** Codes of src/Common/ErrorCodes.cpp that pass by themselves or when an operator acts. */
const storeCodes = new Set([
  '159', // TIMEOUT_EXCEEDED
  '164', // READONLY
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '236', // ABORTED
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '252', // TOO_MANY_PARTS
  '394', // QUERY_WAS_CANCELLED
  '497', // ACCESS_DENIED
  '516', // AUTHENTICATION_FAILED
  '999', // KEEPER_EXCEPTION
]);

const notEnoughSpace = '243';
/** What the engine says of a write that the file system refused; the codes around it differ from place to place. */
const noSpaceLeft = /No space left on device|Disk quota exceeded|\berrno: (28|122)\b/;

const schemaCodes = new Set([
  '16', // NO_SUCH_COLUMN_IN_TABLE
  '60', // UNKNOWN_TABLE
  '81', // UNKNOWN_DATABASE
]);

const batchCodes = new Set([
  '6', // CANNOT_PARSE_TEXT
  '27', // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  '32', // ATTEMPT_TO_READ_AFTER_EOF
  '33', // CANNOT_READ_ALL_DATA
  '49', // LOGICAL_ERROR
  '50', // UNKNOWN_TYPE
  '53', // TYPE_MISMATCH
  '62', // SYNTAX_ERROR
  '70', // CANNOT_CONVERT_TYPE
  '117', // INCORRECT_DATA
  '131', // TOO_LARGE_STRING_SIZE
  '190', // SIZES_OF_ARRAYS_DONT_MATCH
  '271', // CANNOT_DECOMPRESS
  '691', // UNKNOWN_ELEMENT_OF_ENUM
]);

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ClickHouseError)) return 'store';
  if (error.code === notEnoughSpace || noSpaceLeft.test(error.message)) return 'full';
  if (storeCodes.has(error.code)) return 'store';
  if (schemaCodes.has(error.code)) return 'schema';
  return batchCodes.has(error.code) ? 'batch' : 'unclear';
}
