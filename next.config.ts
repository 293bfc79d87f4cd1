/** The page is exported as static files: our server hands them out, and the browser asks `/api/v1` of the same origin. */
import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'export',
  reactStrictMode: true,
  // `npm run types` checks the whole repository, this build included.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
  poweredByHeader: false,
  devIndicators: false,
};

export default config;
