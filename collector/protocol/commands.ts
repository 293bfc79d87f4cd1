/**
 * Commands of one connection that wait for their answers: in order, for protocols whose answers come in the order of the
 * commands, or by the number that an answer repeats.
 */
import type { Counters } from '../counters.ts';
import type { Budget } from './budget.ts';
import { answerTimeoutNs, type CommandExchange, type Side } from './exchange.ts';
import type { FrameLoss } from './frames.ts';
import type { TlsFacts } from './tls-reader.ts';

export interface CommandDeps {
  readonly counters: Counters;
  readonly budget: Budget;
  onExchange(exchange: CommandExchange): void;
  /** The connection turned to TLS. */
  onTls(client: Side, facts: TlsFacts): void;
}

export interface Command {
  readonly command: string;
  readonly resource: string;
  readonly firstNs: number;
  readonly lastNs: number;
}

/** When no answer has begun. */
export const notBegun = -1;

/** A command and when its answer began. */
export interface Waiting extends Command {
  begunNs: number;
  isReported: boolean;
  /** No command of its own: it is reported only if it fails. */
  readonly isSilent?: boolean;
}

type CommandType = CommandExchange['type'];

const outstandingLimit = 4096;

/** The name in the counters: `postgresql` ... */
export function counterName(type: CommandType): string {
  return type.toLowerCase();
}

function exchangeOf(
  type: CommandType,
  client: Side,
  waiting: Waiting,
  isAnswered: boolean,
  error: string,
): CommandExchange {
  const { command, resource, firstNs, lastNs, begunNs } = waiting;
  const latencyNs = isAnswered ? Math.max(0, begunNs - lastNs) : 0;
  return { type, client, isAnswered, requestNs: firstNs, latencyNs, command, resource, error };
}

export interface CommandQueue<T extends Waiting = Waiting> {
  readonly size: number;
  push(waiting: T): void;
  /** The one whose answer comes, or is next to come. */
  oldest(): T | undefined;
  /** The oldest one's answer began. */
  begin(atNs: number): T | undefined;
  /** The oldest one's answer is known, to its end or as far as it matters. */
  finish(error: string): void;
  /** Takes the oldest one out without a word. */
  drop(): T | undefined;
  /** Messages of one direction were lost: order alone does not tell what the next answer is to. */
  lost(cause: FrameLoss, isAnswers: boolean): void;
  sweep(nowNs: number): void;
  end(): void;
}

export function createCommandQueue<T extends Waiting = Waiting>(
  type: CommandType,
  client: Side,
  deps: Pick<CommandDeps, 'counters' | 'onExchange'>,
): CommandQueue<T> {
  const { counters } = deps;
  const name = counterName(type);
  const queue: T[] = [];
  let isDoubtful = false;

  const report = (waiting: Waiting, isAnswered: boolean, error: string): void => {
    if (waiting.isReported || (waiting.isSilent === true && error === '')) return;
    waiting.isReported = true;
    deps.onExchange(exchangeOf(type, client, waiting, isAnswered, error));
  };

  /** One whose answer began is answered, whatever became of the rest. */
  const giveUp = (waiting: Waiting): void => report(waiting, waiting.begunNs !== notBegun, '');

  return {
    get size() {
      return queue.length;
    },
    push(waiting) {
      if (queue.length < outstandingLimit) queue.push(waiting);
      else {
        counters.add(`${name}_gave_up_pipeline_limit`, 1);
        isDoubtful = true;
      }
    },
    oldest: () => queue[0],
    begin(atNs) {
      if (isDoubtful) {
        // Without pipelining the answer is to the latest command; those before it lost theirs.
        isDoubtful = false;
        const latest = queue.findLastIndex((waiting) => waiting.isSilent !== true);
        for (const waiting of queue.splice(0, Math.max(0, latest))) giveUp(waiting);
      }
      const [waiting] = queue;
      if (waiting === undefined) counters.add(`${name}_orphan_answers`, 1);
      else if (waiting.begunNs === notBegun) waiting.begunNs = atNs;
      return waiting;
    },
    finish(error) {
      const waiting = queue.shift();
      if (waiting !== undefined) report(waiting, true, error);
    },
    drop: () => queue.shift(),
    lost(cause, isAnswers) {
      const [waiting] = queue;
      if (isAnswers && waiting !== undefined && waiting.begunNs !== notBegun) {
        // Rows that nobody reads: how the answer began is known.
        counters.add(`${name}_answers_skipped`, 1);
        queue.shift();
        giveUp(waiting);
      } else counters.add(`${name}_gave_up_${cause}`, 1);
      isDoubtful = queue.length > 0;
    },
    sweep(nowNs) {
      for (const waiting of queue)
        if (waiting.begunNs === notBegun && nowNs - waiting.lastNs > answerTimeoutNs) giveUp(waiting);
    },
    end() {
      for (const waiting of queue.splice(0)) giveUp(waiting);
    },
  };
}

export interface NumberedCommands<T extends Waiting = Waiting> {
  readonly size: number;
  has(id: number): boolean;
  open(id: number, waiting: T): void;
  /** The command that an answer is to, which is waiting no longer. */
  take(id: number): T | undefined;
  answer(waiting: T, atNs: number, error: string): void;
  /** Nobody will answer this one. */
  unanswered(waiting: T): void;
  sweep(nowNs: number): void;
  end(): void;
}

export function createNumberedCommands<T extends Waiting = Waiting>(
  type: CommandType,
  client: Side,
  deps: Pick<CommandDeps, 'counters' | 'onExchange'>,
): NumberedCommands<T> {
  const byId = new Map<number, T>();
  const unanswered = (waiting: T): void => deps.onExchange(exchangeOf(type, client, waiting, false, ''));
  return {
    get size() {
      return byId.size;
    },
    has: (id) => byId.has(id),
    open(id, waiting) {
      if (byId.size < outstandingLimit) byId.set(id, waiting);
      else deps.counters.add(`${counterName(type)}_gave_up_pipeline_limit`, 1);
    },
    take(id) {
      const waiting = byId.get(id);
      if (waiting === undefined) deps.counters.add(`${counterName(type)}_orphan_answers`, 1);
      else byId.delete(id);
      return waiting;
    },
    answer(waiting, atNs, error) {
      waiting.begunNs = atNs;
      deps.onExchange(exchangeOf(type, client, waiting, true, error));
    },
    unanswered,
    sweep(nowNs) {
      for (const [id, waiting] of byId) {
        if (nowNs - waiting.lastNs <= answerTimeoutNs) continue;
        byId.delete(id);
        unanswered(waiting);
      }
    },
    end() {
      for (const waiting of byId.values()) unanswered(waiting);
      byId.clear();
    },
  };
}
