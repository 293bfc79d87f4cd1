/**
 * Connections that are kept for a number of requests and then ended by the client, which waits for the server's end
 * before it lets go. Whoever closes without waiting answers the other's last packets with a reset, or lets the kernel
 * throw them away: drops that are none.
 */
import type { Agent } from 'node:http';

export interface KeptConnections {
  /** Makes one request with the agent of the moment. */
  use<T>(request: (agent: Agent) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

interface Generation {
  readonly agent: Agent;
  started: number;
  underWay: number;
}

/** Ends idle connections and waits until the other side has ended them, too. */
async function endIdle(agent: Agent): Promise<void> {
  // A connection becomes idle a tick after its response ended.
  await new Promise((resolve) => setImmediate(resolve));
  const idle = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('close', resolve).end())));
  agent.destroy();
}

export function createKeptConnections(config: {
  readonly requestsPerAgent: number;
  readonly createAgent: () => Agent;
}): KeptConnections {
  const fresh = (): Generation => ({ agent: config.createAgent(), started: 0, underWay: 0 });
  const ending = new Set<Promise<void>>();
  let current = fresh();

  function retire(generation: Generation): void {
    const ended = endIdle(generation.agent).finally(() => ending.delete(ended));
    ending.add(ended);
  }

  return {
    async use(request) {
      const mine = current;
      mine.started += 1;
      mine.underWay += 1;
      if (mine.started >= config.requestsPerAgent) current = fresh();
      try {
        return await request(mine.agent);
      } finally {
        mine.underWay -= 1;
        if (mine !== current && mine.underWay === 0) retire(mine);
      }
    },
    async stop() {
      retire(current);
      await Promise.all(ending);
    },
  };
}
