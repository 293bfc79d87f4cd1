/** Errors as ClickHouse's HTTP interface reports them: a numeric code, a type in capitals, a message, a status. */

export class StoreError extends Error {
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.type = type;
  }

  /** The sentence that clients parse. */
  render(version: string): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.type}) (version ${version})`;
  }
}

const enginePattern = /Code: (\d+)\. DB::Exception: ([\s\S]*)\(([A-Z][A-Z0-9_]+)\)\s*$/;

/** What the engine threw, with its own code; anything else is code 1002. */
export function storeErrorOf(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    // As the engine itself says of its part of the same disk.
    return new StoreError(243, 'NOT_ENOUGH_SPACE', `The disk of the data directory is full (${message})`, {
      cause: error,
    });
  }
  const [, code, text, type] = enginePattern.exec(message) ?? [];
  if (code === undefined || text === undefined || type === undefined) {
    return new StoreError(1002, 'UNKNOWN_EXCEPTION', message, { cause: error });
  }
  return new StoreError(Number(code), type, text.trimEnd(), { cause: error });
}

/** As exceptionCodeToHTTPStatus of src/Server/HTTP/exceptionCodeToHTTPStatus.cpp; all others are 500. */
const statusTypes: Readonly<Record<number, readonly string[]>> = {
  400: [
    'BAD_ARGUMENTS',
    'BAD_REQUEST_PARAMETER',
    'CANNOT_PARSE_TEXT',
    'CANNOT_PARSE_ESCAPE_SEQUENCE',
    'CANNOT_PARSE_QUOTED_STRING',
    'CANNOT_PARSE_DATE',
    'CANNOT_PARSE_DATETIME',
    'CANNOT_PARSE_NUMBER',
    'CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING',
    'CANNOT_PARSE_IPV4',
    'CANNOT_PARSE_IPV6',
    'CANNOT_PARSE_UUID',
    'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
    'CANNOT_OPEN_FILE',
    'CANNOT_COMPILE_REGEXP',
    'DUPLICATE_COLUMN',
    'ILLEGAL_AGGREGATION',
    'ILLEGAL_COLUMN',
    'ILLEGAL_TYPE_OF_ARGUMENT',
    'INCORRECT_DATA',
    'NOT_AN_AGGREGATE',
    'SYNTAX_ERROR',
    'THERE_IS_NO_COLUMN',
    'TOO_BIG_AST',
    'TOO_DEEP_AST',
    'TYPE_MISMATCH',
    'UNEXPECTED_AST_STRUCTURE',
    'UNKNOWN_COMPRESSION_METHOD',
    'UNKNOWN_ELEMENT_IN_AST',
    'UNKNOWN_QUERY_PARAMETER',
    'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
  ],
  401: ['AUTHENTICATION_FAILED', 'REQUIRED_PASSWORD'],
  403: ['ACCESS_DENIED'],
  404: [
    'UNKNOWN_AGGREGATE_FUNCTION',
    'UNKNOWN_DATABASE',
    'UNKNOWN_DATABASE_ENGINE',
    'UNKNOWN_DIRECTION_OF_SORTING',
    'UNKNOWN_FORMAT',
    'UNKNOWN_FUNCTION',
    'UNKNOWN_IDENTIFIER',
    'UNKNOWN_SETTING',
    'UNKNOWN_STORAGE',
    'UNKNOWN_TABLE',
    'UNKNOWN_TYPE',
    'UNKNOWN_TYPE_OF_QUERY',
  ],
  408: ['TIMEOUT_EXCEEDED'],
  413: ['QUERY_IS_TOO_LARGE', 'TOO_MANY_BYTES'],
  501: ['NOT_IMPLEMENTED'],
  503: ['TOO_MANY_SIMULTANEOUS_QUERIES', 'SERVER_OVERLOADED'],
};

const statusByType = new Map(
  Object.entries(statusTypes).flatMap(([status, types]) => types.map((type) => [type, Number(status)] as const)),
);

export function statusOf(error: StoreError): number {
  return statusByType.get(error.type) ?? 500;
}
