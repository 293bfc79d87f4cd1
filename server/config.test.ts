import { describe, expect, it } from 'vitest';
import { parseConfig, shownUrl } from './config.ts';

const store = 'http://default:secret@127.0.0.1:8123/palomar';

describe('the configuration', () => {
  it('needs the store only', () => {
    expect(parseConfig({ CLICKHOUSE_URL: store })).toEqual({
      ok: true,
      value: {
        storeUrl: store,
        storeEmbedded: false,
        storeCluster: null,
        retention: { ages: { rawDays: 14, minuteDays: 30, hourDays: 400, dayDays: 400 }, diskPercent: 85 },
        basePath: '',
        listen: { host: '127.0.0.1', port: 3000 },
        appDirectory: null,
        version: 'development',
        allowedHosts: [],
        logLevel: 'info',
      },
    });
  });

  it.each([
    ['[::1]:0', { host: '::1', port: 0 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
  ])('listens on %s', (text, listen) => {
    expect(parseConfig({ CLICKHOUSE_URL: store, PALOMAR_LISTEN: text })).toMatchObject({ ok: true, value: { listen } });
  });

  it.each([
    [{}, 'CLICKHOUSE_URL: is not set'],
    [{ CLICKHOUSE_URL: 'localhost' }, 'CLICKHOUSE_URL: is no URL'],
    [{ CLICKHOUSE_URL: 'file:///etc' }, 'CLICKHOUSE_URL: is no URL'],
    [{ CLICKHOUSE_URL: store, PALOMAR_LISTEN: '3000' }, 'PALOMAR_LISTEN: "3000" is no address'],
    [{ CLICKHOUSE_URL: store, PALOMAR_LISTEN: 'a:65536' }, 'PALOMAR_LISTEN'],
    [{ CLICKHOUSE_URL: store, PALOMAR_STORE_EMBEDDED: 'yes' }, 'PALOMAR_STORE_EMBEDDED'],
    [{ CLICKHOUSE_URL: store, PALOMAR_RETENTION_RAW_DAYS: '0' }, 'PALOMAR_RETENTION_RAW_DAYS'],
    [{ CLICKHOUSE_URL: store, PALOMAR_RETENTION_DISK_PERCENT: '101' }, 'PALOMAR_RETENTION_DISK_PERCENT'],
    [{ CLICKHOUSE_URL: store, CLICKHOUSE_CLUSTER: "a'b" }, 'CLICKHOUSE_CLUSTER: is no name of a cluster'],
  ])('refuses %j', (environment, message) => {
    const parsed = parseConfig(environment);
    expect(parsed.ok ? '' : parsed.error).toContain(message);
  });

  it('names every problem at once', () => {
    const parsed = parseConfig({ PALOMAR_LISTEN: 'x' });
    expect(parsed.ok ? [] : parsed.error.split('\n')).toHaveLength(2);
  });

  it('is shown without the password', () => {
    expect(shownUrl(store)).toBe('http://127.0.0.1:8123/palomar');
  });
});
