/** The two ends of a DNS message that the load needs: a question, and the code of its answer (RFC 1035, 4.1). */
const questionTypes = { A: 1, TXT: 16, AAAA: 28 } as const;
export type QuestionType = keyof typeof questionTypes;

const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

export function encodeQuestion(id: number, name: string, type: QuestionType): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  // Recursion desired, one question.
  head.writeUInt16BE(0x0100, 2);
  head.writeUInt16BE(1, 4);
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const tail = Buffer.from([0, 0, questionTypes[type], 0, 1]);
  return Buffer.concat([head, ...labels, tail]);
}

export function readAnswer(message: Buffer): { readonly id: number; readonly rcode: string; readonly answers: number } {
  const code = message.readUInt8(3) & 0x0f;
  return { id: message.readUInt16BE(0), rcode: rcodes[code] ?? `RCODE${code}`, answers: message.readUInt16BE(6) };
}
