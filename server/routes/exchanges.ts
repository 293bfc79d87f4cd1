/** What was asked for and how it went: `GET /api/v1/routes`, `GET /api/v1/dns` and `GET /api/v1/commands`. */
import type { FastifyInstance } from 'fastify';
import type { ExchangeGroup, ExchangesAnswer, ExchangesInput, ExchangeTopic } from '../../db/queries/exchanges.ts';
import type { Command, CommandsResponse, DnsName, DnsResponse, Route, RoutesResponse } from '../../model/api.ts';
import { printFilter } from '../../model/filter/print.ts';
import { parseExchangesQuery } from '../request/parameters.ts';
import type { Range } from '../../db/queries/range.ts';
import { type RouteContext, requestSignal, sendFailure } from './context.ts';
import { evidence } from './evidence.ts';

export function registerExchangeRoutes(app: FastifyInstance, context: RouteContext): void {
  const answers = { routes: routesAnswer, dns: dnsAnswer, commands: commandsAnswer } as const;
  const topics: readonly ExchangeTopic[] = ['routes', 'dns', 'commands'];
  for (const topic of topics) {
    app.get(`/api/v1/${topic}`, async (request, reply) => {
      const query = parseExchangesQuery(topic, request.query, context.clock.now());
      if (!query.ok) return sendFailure(reply, query.error);
      const { answer, frame } = await ask(query.value, context, requestSignal(reply, context.stopping));
      return answers[topic](answer, frame);
    });
  }
}

type Frame = Omit<RoutesResponse, 'routes' | 'totals'>;

async function ask(
  query: ExchangesInput,
  { store, clock }: RouteContext,
  signal: AbortSignal,
): Promise<{ answer: ExchangesAnswer; frame: Frame }> {
  const startedMs = clock.now();
  const [answer, coverage] = await Promise.all([store.exchanges(query, signal), store.coverage(query.range, signal)]);
  const frame = {
    range: query.range,
    filter: printFilter(query.filter),
    order: query.order,
    evidence: evidence({ ...answer, elapsedMs: clock.now() - startedMs, limit: query.limit, coverage }),
  };
  return { answer, frame };
}

function shared(group: ExchangeGroup, range: Range): Omit<Command, 'protocol' | 'command' | 'resource' | 'errorCodes'> {
  const { source, destination, requests, unanswered, errors, latencyMs } = group;
  const perSecond = Number(((requests * 1000) / (range.toMs - range.fromMs)).toPrecision(4));
  return { source, destination, requests, perSecond, unanswered, errors, latencyMs };
}

/** Only DNS has search domains. */
function withoutNeedless({
  groups,
  requests,
  unanswered,
  errors,
}: ExchangesAnswer['totals']): RoutesResponse['totals'] {
  return { groups, requests, unanswered, errors };
}

function routesAnswer({ groups, totals }: ExchangesAnswer, frame: Frame): RoutesResponse {
  const routes = groups.map((group): Route => {
    const [method = '', route = ''] = group.what;
    const statuses = group.codes.map(({ code, count }) => ({ status: Number(code), count }));
    const classes = [1, 2, 3, 4, 5].map((hundred) =>
      statuses.reduce((sum, { status, count }) => (Math.floor(status / 100) === hundred ? sum + count : sum), 0),
    );
    return { ...shared(group, frame.range), method, route, statuses, classes };
  });
  return { ...frame, totals: withoutNeedless(totals), routes };
}

function dnsAnswer({ groups, totals }: ExchangesAnswer, frame: Frame): DnsResponse {
  const names = groups.map((group): DnsName => {
    const [name = '', type = ''] = group.what;
    const rcodes = group.codes.map(({ code, count }) => ({ rcode: code, count }));
    const countOf = (wanted: string): number => rcodes.find(({ rcode }) => rcode === wanted)?.count ?? 0;
    return {
      ...shared(group, frame.range),
      name,
      type,
      notFound: countOf('NXDOMAIN'),
      serverFailures: countOf('SERVFAIL'),
      rcodes,
      needless: group.needless,
    };
  });
  return { ...frame, totals, names };
}

function commandsAnswer({ groups, totals }: ExchangesAnswer, frame: Frame): CommandsResponse {
  const commands = groups.map((group): Command => {
    const [protocol = '', command = '', resource = ''] = group.what;
    const errorCodes = group.codes.map(({ code, count }) => ({ error: code, count }));
    return { ...shared(group, frame.range), protocol, command, resource, errorCodes };
  });
  return { ...frame, totals: withoutNeedless(totals), commands };
}
