/**
 * Before any of zod runs: it is not to try whether it may make functions from text. The policy of the page forbids that, and
 * a browser that tells of each attempt would tell of this one on every page.
 */
export const noEvalScript = `globalThis.__zod_globalConfig={jitless:true}`;
