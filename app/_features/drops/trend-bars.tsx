/** How a problem went over the range, as bars: a bucket without packets has none, one with any is at least a pixel. */
import type { ReactNode } from 'react';

const width = 120;
const height = 24;

/** Drawn for the eye alone: the count and the words about the stretch before stand beside it. */
export function TrendBars({ trend }: { trend: readonly number[] }): ReactNode {
  const most = Math.max(1, ...trend);
  const step = width / Math.max(1, trend.length);
  return (
    <svg aria-hidden width={width} height={height} className="shrink-0 fill-dropped max-[1100px]:hidden">
      <rect y={height - 1} width={width} height={1} className="fill-line" />
      {trend.map((packets, index) => {
        if (packets === 0) return null;
        const tall = Math.max(1, (packets / most) * height);
        return <rect key={index} x={index * step} y={height - tall} width={Math.max(1, step - 0.5)} height={tall} />;
      })}
    </svg>
  );
}
