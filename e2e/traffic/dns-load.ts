/** Asks a DNS server a planned list of questions over UDP, each exactly once, and reports what came back. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { loadZone } from '../lab/topology.ts';
import { encodeQuestion, type QuestionType, readAnswer } from './dns-message.ts';
import { createRandom } from './random.ts';

export interface Question {
  readonly name: string;
  readonly type: QuestionType;
}

export interface Lookup extends Question {
  readonly rcode: string;
}

const answerMs = 5000;

/** Half the names exist, the others do not, or are none of the server's business. */
export function planQuestions(seed: number, count: number): Question[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, n) => {
    const kind = random.below(10);
    const zone = kind < 5 ? loadZone : kind < 8 ? 'gone.palomar.test' : 'elsewhere.example';
    return {
      name: `n${n}-${'abc'.repeat(random.below(12))}z.${zone}`,
      type: random.pick(['A', 'A', 'AAAA', 'TXT'] as const),
    };
  });
}

/** One question at a time on this socket; a lost answer is an error, not a retry. */
async function ask(socket: Socket, id: number, question: Question): Promise<Lookup> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(answerMs) });
  socket.send(encodeQuestion(id, question.name, question.type));
  const message: unknown = (await answer)[0];
  if (!Buffer.isBuffer(message)) throw new Error('a message is bytes');
  const found = readAnswer(message);
  if (found.id !== id) throw new Error(`answer ${found.id} to question ${id}`);
  return { ...question, rcode: found.rcode };
}

/** Asks over `sockets` sockets at once; resolves with the lookups in no particular order. */
export async function runDnsLoad(
  server: { readonly host: string; readonly port: number },
  questions: readonly Question[],
  sockets: number,
): Promise<Lookup[]> {
  const lookups: Lookup[] = [];
  const waiting = [...questions.entries()];
  const worker = async (): Promise<void> => {
    const socket = createSocket(server.host.includes(':') ? 'udp6' : 'udp4');
    socket.connect(server.port, server.host);
    await once(socket, 'connect');
    for (let next = waiting.shift(); next; next = waiting.shift()) lookups.push(await ask(socket, next[0], next[1]));
    socket.close();
  };
  await Promise.all(Array.from({ length: sockets }, worker));
  return lookups;
}
