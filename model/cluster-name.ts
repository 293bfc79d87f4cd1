/** CLICKHOUSE_CLUSTER as a setting: a name that can stand in SQL as it is. */
import { z } from 'zod';

export const clusterName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is no name of a cluster: letters, digits, _ . and - only');
