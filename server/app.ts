/** The HTTP application without its socket: routes, headers, refusals and failures. */
import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance } from 'fastify';
import { withoutBasePath } from '../model/base-path.ts';
import { acceptedEncoding, compress, compressFrom } from './compress.ts';
import { type Failure, StoreError } from './failure.ts';
import { isSchemaMissing } from './store-error.ts';
import { createOpenApi } from './openapi.ts';
import { type HostRule, isHostAllowed } from './request/host.ts';
import { type AssetsContext, registerAssets } from './routes/assets.ts';
import { type RouteContext, sendFailure } from './routes/context.ts';
import { registerConnectionRoute } from './routes/connection.ts';
import { registerDiffRoute } from './routes/diff.ts';
import { registerExchangeRoutes } from './routes/exchanges.ts';
import { registerExportRoute } from './routes/export.ts';
import { registerHealthRoute } from './routes/health.ts';
import { livePath, registerLiveRoute } from './routes/live.ts';
import { registerQuestionRoutes } from './routes/questions.ts';
import { registerSavedRoutes } from './routes/saved.ts';
import { registerSearchRoutes } from './routes/search.ts';
import { registerValuesRoute } from './routes/values.ts';
import { shownRefusal } from './shown-refusal.ts';
import { closedPolicy, securityHeaders } from './static/content-security.ts';

export interface AppDeps extends RouteContext, AssetsContext {
  readonly hosts: HostRule;
  /** Empty for none. */
  readonly basePath: string;
  readonly log: FastifyBaseLogger;
}

export function createApp(deps: AppDeps): FastifyInstance {
  const app = Fastify({
    loggerInstance: deps.log,
    rewriteUrl: ({ url }) => withoutBasePath(url ?? '/', deps.basePath),
    logController: new LogController({ disableRequestLogging: true }),
    // Idle keep-alive connections end when the server does; busy ones may finish.
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    bodyLimit: 1024,
    // Such as a URL that cannot be decoded: no hook and no route sees it.
    frameworkErrors(error, _request, reply) {
      const failure = requestFailure(error) ?? { code: 'internal' as const, message: 'the request cannot be handled' };
      void sendFailure(reply.headers({ ...securityHeaders, 'content-security-policy': closedPolicy }), failure);
    },
  });
  addHeaders(app, deps.hosts);
  addCompression(app);
  addCounting(app, deps);
  addFailures(app, deps);
  registerHealthRoute(app, deps);
  registerSearchRoutes(app, deps);
  registerQuestionRoutes(app, deps);
  registerExchangeRoutes(app, deps);
  registerValuesRoute(app, deps);
  registerConnectionRoute(app, deps);
  registerDiffRoute(app, deps);
  registerExportRoute(app, deps);
  registerSavedRoutes(app, deps);
  registerLiveRoute(app, deps);
  const openApi = createOpenApi(deps.facts.version);
  app.get('/api/v1/openapi.json', () => openApi);
  app.get('/metrics', async (_, reply) => {
    const { registry } = deps.metrics;
    return reply.type(registry.contentType).send(await registry.metrics());
  });
  registerAssets(app, deps);
  return app;
}

function addHeaders(app: FastifyInstance, hosts: HostRule): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({ ...securityHeaders, 'content-security-policy': closedPolicy, 'cache-control': 'no-store' });
    if (isHostAllowed(request.headers.host, hosts)) return;
    const message = `this server does not answer to the name "${request.headers.host ?? ''}": add it to PALOMAR_ALLOWED_HOSTS`;
    return sendFailure(reply, { code: 'host_refused', message });
  });
}

/** Pages come compressed from their own place; this is for the API's JSON. */
function addCompression(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload: unknown) => {
    if (typeof payload !== 'string' || payload.length < compressFrom) return payload;
    void reply.header('vary', 'accept-encoding');
    const encoding = acceptedEncoding(request.headers['accept-encoding']);
    if (encoding === null) return payload;
    void reply.header('content-encoding', encoding).removeHeader('content-length');
    return compress(Buffer.from(payload), encoding, 'once');
  });
}

function addCounting(app: FastifyInstance, { metrics }: AppDeps): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'pages';
    metrics.requests.inc({ route, method: request.method, status: reply.statusCode });
    if (route !== livePath) metrics.duration.observe({ route }, reply.elapsedTime / 1000);
    request.log.debug({ route, status: reply.statusCode, ms: reply.elapsedTime }, 'answered');
    return Promise.resolve();
  });
}

function addFailures(app: FastifyInstance, { metrics, stopping, clock }: AppDeps): void {
  app.setErrorHandler((error: FastifyError | StoreError, request, reply) => {
    if (stopping.aborted) return sendFailure(reply, { code: 'stopping', message: 'the server is being stopped' });
    if (error instanceof StoreError) {
      metrics.storeErrors.inc({ code: error.code });
      // Nobody is to be alarmed by a new store, whose tables take a moment.
      const isExpected = error.code === 'cancelled' || isSchemaMissing(error.cause);
      request.log[isExpected ? 'debug' : 'warn']({ err: error, url: request.url }, 'store call failed');
      const refusal =
        error.refusal === null ? {} : { refusal: shownRefusal(error.refusal, request.originalUrl, clock.now()) };
      return sendFailure(reply, { code: error.code, message: error.message, ...refusal });
    }
    const failure = requestFailure(error);
    if (failure !== null) return sendFailure(reply, failure);
    request.log.error({ err: error, url: request.url }, 'request failed');
    return sendFailure(reply, { code: 'internal', message: 'an error on our side: the log of the server tells more' });
  });
}

/** What fastify itself finds wrong with a request. */
function requestFailure(error: FastifyError): Failure | null {
  const status = error.statusCode ?? 500;
  return status >= 400 && status < 500 ? { code: 'bad_parameter', message: error.message } : null;
}
