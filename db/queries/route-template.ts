/**
 * Paths of requests as routes: parts that name one thing of many become `{}`. The rollup of routes was created with this
 * text (migrations/rollups.ts): to change it is to migrate.
 */

/** A part of a path that names one thing of many: numbers, hex, UUIDs, tokens. */
const variable = `'^([0-9]+|.*[0-9]{4,}.*|[0-9a-fA-F]{8,}|[0-9a-fA-F-]{32,}|[A-Za-z0-9_-]{24,})$'`;

export const routeOfPath = `arrayStringConcat(arrayMap(part -> if(match(part, ${variable}), '{}', part),
    arraySlice(splitByChar('/', splitByChar('?', http_path)[1]), 1, 8)), '/')`;
