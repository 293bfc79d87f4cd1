/** How a command that asks the server fails: with an exit code and a sentence for the terminal. */

/** The server could not answer (1), or the question is wrong (2). */
export class CommandFailed extends Error {
  readonly exitCode: 1 | 2;

  constructor(exitCode: 1 | 2, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no answer of Palomar's; the schema says so to the caller.
    return undefined;
  }
}
