/** A gRPC server and client of the reference library, with bytes for messages: what is tested is the wire, not a schema. */
import {
  credentials,
  makeClientConstructor,
  Server,
  ServerCredentials,
  status,
  type MethodDefinition,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';

const packageService = 'palomar.lab.Orders';
const pass = (bytes: Buffer): Buffer => bytes;

function unary(name: string): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/${packageService}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
}

const service = { Get: unary('Get'), Lose: unary('Lose') };
type Method = keyof typeof service;

function isMethod(name: string): name is Method {
  return Object.hasOwn(service, name);
}

/** `Get` answers, `Lose` fails with NOT_FOUND; `onCall` is the server's log. */
export async function serveGrpc(
  port: number,
  onCall: (call: { readonly path: string; readonly status: string }) => void,
): Promise<Server> {
  const server = new Server();
  server.addService(service, {
    Get(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      onCall({ path: call.getPath(), status: 'OK' });
      answer(null, call.request);
    },
    Lose(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      onCall({ path: call.getPath(), status: 'NOT_FOUND' });
      answer({ code: status.NOT_FOUND, details: 'lost' });
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`[::]:${port}`, ServerCredentials.createInsecure(), (cause) =>
      cause ? reject(cause) : resolve(),
    );
  });
  return server;
}

/** Calls one after another over one connection; resolves with the status names the client got. */
export async function callGrpc(
  target: { readonly host: string; readonly port: number },
  method: string,
  times: number,
): Promise<string[]> {
  if (!isMethod(method)) throw new Error(`no method ${method}`);
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const Client = makeClientConstructor(service, packageService);
  const client = new Client(`${host}:${target.port}`, credentials.createInsecure());
  const statuses: string[] = [];
  for (let n = 0; n < times; n += 1) {
    statuses.push(
      await new Promise<string>((resolve) => {
        client.makeUnaryRequest(
          service[method].path,
          pass,
          pass,
          Buffer.from(`order ${n}`),
          (cause: ServiceError | null) => resolve(status[cause?.code ?? status.OK]),
        );
      }),
    );
  }
  client.close();
  return statuses;
}
