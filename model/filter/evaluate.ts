/** Turns a filter into a predicate on flows; db/filter-sql.ts says the same in SQL. */
import { assertNever } from '../assert-never.ts';
import type { Flow, FlowEndpoint } from '../api.ts';
import type { Expression, Filter, Glob, Term, Test } from './ast.ts';
import { cidrContains } from './cidr.ts';
import { type EndColumn, type FieldName, type WordColumn, fields, foldCase } from './fields.ts';

export type FlowPredicate = (flow: Flow) => boolean;

export function evaluateFilter(filter: Filter): FlowPredicate {
  return filter.kind === 'all' ? () => true : compile(filter);
}

function compile(expression: Expression): FlowPredicate {
  switch (expression.kind) {
    case 'term':
      return compileTerm(expression);
    case 'not': {
      const inner = compile(expression.of);
      return (flow) => !inner(flow);
    }
    case 'and': {
      const inner = expression.of.map(compile);
      return (flow) => inner.every((passes) => passes(flow));
    }
    case 'or': {
      const inner = expression.of.map(compile);
      return (flow) => inner.some((passes) => passes(flow));
    }
    default:
      return assertNever(expression);
  }
}

type TextColumn = Extract<(typeof fields)[FieldName], { readonly of: 'flow'; readonly kind: 'text' }>['column'];
type NumberColumn = Extract<(typeof fields)[FieldName], { readonly columns: unknown }>['columns'][number];

const texts: Readonly<Record<TextColumn, (flow: Flow) => string>> = {
  drop_reason: (f) => f.dropReason,
  drop_location: (f) => f.dropLocation,
  http_method: (f) => f.l7?.http?.method ?? '',
  http_host: (f) => f.l7?.http?.host ?? '',
  http_path: (f) => f.l7?.http?.path ?? '',
  dns_name: (f) => f.l7?.dns?.name ?? '',
  dns_type: (f) => f.l7?.dns?.type ?? '',
  dns_rcode: (f) => f.l7?.dns?.rcode ?? '',
  grpc_status: (f) => f.l7?.grpcStatus ?? '',
  l7_command: (f) => f.l7?.command ?? '',
  l7_resource: (f) => f.l7?.resource ?? '',
  l7_error: (f) => f.l7?.error ?? '',
  tls_version: (f) => f.l7?.tlsVersion ?? '',
  tls_alpn: (f) => f.l7?.alpn ?? '',
  tls_sni: (f) => f.l7?.sni ?? '',
  socket_error: (f) => f.socketError,
  node: (f) => f.node,
  cluster: (f) => f.cluster,
  interface: (f) => f.interface,
};

const numbers: Readonly<Record<NumberColumn, (flow: Flow) => number>> = {
  http_status: (f) => f.l7?.http?.status ?? 0,
  bytes_to_dst: (f) => Number(f.bytesToDst),
  bytes_to_src: (f) => Number(f.bytesToSrc),
  packets_to_dst: (f) => f.packetsToDst,
  packets_to_src: (f) => f.packetsToSrc,
  latency_ns: (f) => Number(f.l7?.latencyNs ?? 0),
  retransmits: (f) => f.retransmits,
  resets: (f) => f.resets,
  zero_windows: (f) => f.zeroWindows,
  icmp_errors: (f) => f.icmpErrors,
  srtt_us: (f) => f.srttUs,
};

const words: Readonly<Record<WordColumn, (flow: Flow) => string>> = {
  verdict: (f) => f.verdict,
  kind: (f) => f.kind,
  protocol: (f) => f.protocol,
  l7_type: (f) => f.l7?.type ?? '',
  direction: (f) => f.direction,
  is_reply: (f) => (f.isReply === null ? 'unknown' : f.isReply ? 'yes' : 'no'),
  reporter: (f) => f.reporter,
  connect_result: (f) => f.connectResult,
  encrypted: (f) => (f.encrypted === null ? 'unknown' : f.encrypted ? 'yes' : 'no'),
  encryption: (f) => f.encryption,
  tunnel: (f) => f.tunnel?.type ?? '',
};

const ends: Readonly<Record<EndColumn, (end: FlowEndpoint) => string | number | readonly string[]>> = {
  ip: (e) => e.ip,
  port: (e) => e.port,
  namespace: (e) => e.namespace,
  pod: (e) => e.pod,
  workload: (e) => e.workload,
  workload_kind: (e) => e.workloadKind,
  service: (e) => e.service,
  labels: (e) => e.labels,
  identity: (e) => e.identity,
  names: (e) => e.names,
  process: (e) => e.process,
  unit: (e) => e.unit,
  container: (e) => e.container,
};

function compileTerm(term: Term): FlowPredicate {
  const field = fields[term.field];
  const { test } = term;
  if (field.of === 'end') {
    const passes = testOf(test, field.kind === 'text' && field.foldsCase, false);
    const read = ends[field.column];
    const from: FlowPredicate = (flow) => passes(read(flow.from));
    const to: FlowPredicate = (flow) => passes(read(flow.to));
    if (term.end === 'from') return from;
    return term.end === 'to' ? to : (flow) => from(flow) || to(flow);
  }
  switch (field.kind) {
    case 'text': {
      const passes = testOf(test, field.foldsCase, false);
      const read = texts[field.column];
      return (flow) => passes(read(flow));
    }
    case 'number': {
      const passes = testOf(test, false, field.zeroIsAbsent);
      const reads = field.columns.map((column) => numbers[column]);
      return (flow) => passes(reads.reduce((sum, read) => sum + read(flow), 0));
    }
    case 'word': {
      const word = test.is === 'word' && Object.hasOwn(field.words, test.word) ? field.words[test.word] : undefined;
      return (flow) => word !== undefined && word.values.includes(words[word.column](flow));
    }
    case 'id':
      return (flow) => test.is === 'id' && flow.connectionId === test.id;
    default:
      return assertNever(field);
  }
}

type Value = string | number | readonly string[];

/** A test of the wrong kind for its value passes nothing; the parser does not make one. */
function testOf(test: Test, foldsCase: boolean, zeroIsAbsent: boolean): (value: Value) => boolean {
  switch (test.is) {
    case 'text': {
      const matches = globMatcher(test.glob, foldsCase);
      return (value) => (typeof value === 'object' ? anyOf(value, test.glob, matches) : matches(String(value)));
    }
    case 'label': {
      const matches = labelMatcher(test.key, test.value);
      return (value) => typeof value === 'object' && value.some(matches);
    }
    case 'network':
      return (value) => typeof value === 'string' && cidrContains(test.cidr, value);
    case 'number':
      if (test.comparison === '=') return (value) => value === test.value;
      return (value) => typeof value === 'number' && !(zeroIsAbsent && value === 0) && compares(test, value);
    case 'range':
      return (value) =>
        typeof value === 'number' && !(zeroIsAbsent && value === 0) && value >= test.from && value <= test.to;
    case 'word':
    case 'id':
      return () => false;
    default:
      return assertNever(test);
  }
}

/** The empty pattern asks for an empty list. */
function anyOf(values: readonly string[], glob: Glob, matches: (text: string) => boolean): boolean {
  return isEmptyPattern(glob) ? values.length === 0 : values.some(matches);
}

const isEmptyPattern = (glob: Glob): boolean => glob.length === 1 && glob[0] === '';

function compares(test: Extract<Test, { readonly is: 'number' }>, value: number): boolean {
  switch (test.comparison) {
    case '=':
      return value === test.value;
    case '<':
      return value < test.value;
    case '<=':
      return value <= test.value;
    case '>':
      return value > test.value;
    case '>=':
      return value >= test.value;
    default:
      return assertNever(test.comparison);
  }
}

function labelMatcher(key: string, value: Glob | null): (label: string) => boolean {
  const matches = value === null ? () => true : globMatcher(value, false);
  return (label) => {
    const equals = label.indexOf('=');
    const name = equals < 0 ? label : label.slice(0, equals);
    const isNamed = name === key || name.slice(name.indexOf(':') + 1) === key;
    return isNamed && matches(equals < 0 ? '' : label.slice(equals + 1));
  };
}

/** Greedy left to right: each middle part at its first place after the one before. */
function globMatcher(glob: Glob, foldsCase: boolean): (text: string) => boolean {
  const fold = foldsCase ? foldCase : (text: string): string => text;
  const [head, ...rest] = glob.map(fold);
  const tail = rest.pop();
  if (head === undefined || tail === undefined) return (text) => fold(text) === head;
  return (written) => {
    const text = fold(written);
    if (text === '' || !text.startsWith(head) || !text.endsWith(tail)) return false;
    let at = head.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= text.length - tail.length;
  };
}
