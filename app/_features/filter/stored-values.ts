/** Values of the field being typed that the store has seen, the last seen first. */
import { useQuery } from '@tanstack/react-query';

import { valuesResponseSchema } from '../../../model/api.ts';
import type { FieldName } from '../../../model/filter/fields.ts';
import { getJson } from '../api/client.ts';
import { rangeQuery } from '../range/time-range.ts';
import { useInvestigation } from '../url/investigation.ts';

/** Who types on has not asked yet. */
const pauseMs = 150;
const none: readonly string[] = [];

export interface Wanted {
  readonly field: FieldName;
  readonly typed: string;
}

/** Empty while nothing is wanted, nothing came yet, or the server cannot tell: completing goes on with what is on the page. */
export function useStoredValues(wanted: Wanted | null): readonly string[] {
  const { range } = useInvestigation();
  const { data } = useQuery({
    queryKey: ['values', wanted, range],
    queryFn: async ({ signal }) => {
      await new Promise((done) => setTimeout(done, pauseMs));
      signal.throwIfAborted();
      const question = { ...rangeQuery(range), field: wanted?.field ?? '', typed: wanted?.typed ?? '' };
      return getJson('/api/v1/values', question, valuesResponseSchema, signal);
    },
    enabled: wanted !== null,
    staleTime: 30_000,
    retry: false,
  });
  return data === undefined ? none : data.values.map(({ value }) => value);
}
