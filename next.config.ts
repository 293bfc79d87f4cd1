/**
 * The page is exported as static files: our server hands them out, and the browser asks `/api/v1` of the same origin. Where
 * it will be reached is not known yet: the server puts the base path where the build leaves a stand-in.
 */
import type { NextConfig } from 'next';

import { basePathStandIn } from './model/base-path.ts';

const config: NextConfig = {
  output: 'export',
  basePath: basePathStandIn,
  // With it the way home keeps its slash; without it, its data would be asked for at `/palomar.txt`, outside of the base.
  skipTrailingSlashRedirect: true,
  env: { PALOMAR_BASE_PATH: basePathStandIn },
  reactStrictMode: true,
  // `npm run types` checks the whole repository, this build included.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
  poweredByHeader: false,
  devIndicators: false,
};

export default config;
