/** The settings of each process as a page, made from the very schemas that read them. */
import { hostname } from 'node:os';
import { z } from 'zod';
import { settingsSchema } from '../../collector/config.ts';
import { storeEnvironmentSchema } from '../../db/embedded/config.ts';
import { environmentSchema } from '../../server/config.ts';

type SettingsSchema = z.ZodObject<Readonly<Record<string, z.ZodType>>>;

interface Process {
  readonly name: string;
  readonly about: string;
  readonly schema: SettingsSchema;
}

const processes: readonly Process[] = [
  {
    name: 'Collector',
    about: 'One on every node. `npm start` sets the store, the socket of the probe and `<data-dir>/spill` by itself.',
    schema: settingsSchema,
  },
  {
    name: 'Server',
    about: 'Answers the API and hands out the page. It is the one that applies the retention to the store.',
    schema: environmentSchema,
  },
  {
    name: 'Embedded store',
    about: 'Only where there is no `CLICKHOUSE_URL`; `npm start` sets all of it.',
    schema: storeEnvironmentSchema,
  },
];

const field = z.object({ default: z.unknown().optional(), description: z.string() });

/** Nothing for a setting that is off, empty, or the host's own name unless it is set. */
function byDefault(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : z.coerce.string().parse(value ?? '');
  return text === '' || text === hostname() ? '' : `\`${text}\``;
}

/** A setting without a sentence is an error: then nobody could know what it does. */
function rows(schema: SettingsSchema): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => {
    const { default: value, description } = field.parse(property, { error: () => `${name} has no description` });
    // A default behind a transformation is not the JSON schema's to tell.
    const unset = schema.shape[name]?.safeParse(undefined);
    return `| \`${name}\` | ${byDefault(value ?? unset?.data)} | ${description.replaceAll('|', '\\|')} |`;
  });
}

export function renderConfiguration(): string {
  const sections = processes.map(
    ({ name, about, schema }) =>
      `## ${name}\n\n${about}\n\n| variable | default | |\n|---|---|---|\n${rows(schema).join('\n')}\n`,
  );
  return `# Settings

Every process reads its environment once, at the start; an empty value counts as not set. What cannot be right ends the
process with code 2 and one line that names every variable at fault. This page is made from the schemas that read them.

${sections.join('\n')}`;
}
