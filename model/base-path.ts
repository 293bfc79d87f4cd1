/**
 * The path that Palomar is reached below behind a proxy, such as `/palomar`; empty for none. The page is built once, with
 * a stand-in that the server replaces when it reads the files.
 */
import { z } from 'zod';

/** What `next build` writes where a base path belongs. Nothing else may hold it. */
export const basePathStandIn = '/__palomar_base_path__';

/** `palomar`, `/palomar` and `/palomar/` are all `/palomar`; `/` is none. */
export const basePathSchema = z
  .string()
  .transform((text) => text.split('/').filter((part) => part !== ''))
  .refine(
    (parts) => parts.every((part) => /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/.test(part)),
    'is no path: write /palomar, of letters, digits and ._~-',
  )
  .transform((parts) => parts.map((part) => `/${part}`).join(''));

/** The path below the base; one that does not begin with the base stays, as a proxy that cuts the base off sends it. */
export function withoutBasePath(url: string, base: string): string {
  if (base === '' || !url.startsWith(base)) return url;
  const rest = url.slice(base.length);
  if (rest.startsWith('/')) return rest;
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return url;
}

/** Puts the base path where the build left its stand-in; as an attribute of its own it is the way home, which is never empty. */
export const fillBasePath = (text: string, base: string): string =>
  text.replaceAll(`="${basePathStandIn}"`, `="${base === '' ? '/' : base}"`).replaceAll(basePathStandIn, base);
