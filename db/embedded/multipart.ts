/** Fields of a multipart/form-data body: how clients send parameters that are too long for a URL. */
import { StoreError } from './store-error.ts';

const lineBreak = '\r\n';

function malformed(what: string): StoreError {
  return new StoreError(36, 'BAD_ARGUMENTS', `Malformed multipart body: ${what}`);
}

/** External tables, which come as files, are refused. */
export function parseMultipart(body: Buffer, contentType: string): Map<string, string> {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) throw malformed('no boundary');
  const fields = new Map<string, string>();
  // latin1 keeps positions and bytes; values are decoded as UTF-8 afterwards.
  const [, ...parts] = `${lineBreak}${body.toString('latin1')}`.split(`${lineBreak}--${boundary}`);
  if (parts.pop()?.startsWith('--') !== true) throw malformed('no closing boundary');
  for (const part of parts) {
    const split = part.indexOf(lineBreak + lineBreak);
    if (split < 0) throw malformed('a part without a blank line');
    const head = part.slice(0, split);
    const name = /content-disposition:[^\r\n]*\bname="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) throw malformed('a part without a name');
    if (/\bfilename="/i.test(head)) {
      throw new StoreError(48, 'NOT_IMPLEMENTED', 'External tables are not supported by the embedded store');
    }
    fields.set(name, Buffer.from(part.slice(split + 4), 'latin1').toString('utf8'));
  }
  return fields;
}
