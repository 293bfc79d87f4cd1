/** The document: theme before paint, then the frame around whichever view the path names. */
import type { Metadata } from 'next';
import { Suspense, type ReactNode } from 'react';

import './globals.css';
import { Frame } from './_features/frame/frame.tsx';
import { FrameSkeleton } from './_features/frame/frame-skeleton.tsx';
import { noEvalScript } from './_features/frame/no-eval.ts';
import { Providers } from './_features/frame/providers.tsx';
import { themeScript } from './_features/frame/theme.ts';

export const metadata: Metadata = {
  title: { default: 'Palomar', template: '%s · Palomar' },
  description: 'What talks to what, what was dropped and why, and what happened back then.',
};

export default function RootLayout({ children }: { children: ReactNode }): ReactNode {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
        <script dangerouslySetInnerHTML={{ __html: noEvalScript }} />
      </head>
      <body>
        <Suspense fallback={<FrameSkeleton />}>
          <Providers>
            <Frame>{children}</Frame>
          </Providers>
        </Suspense>
      </body>
    </html>
  );
}
