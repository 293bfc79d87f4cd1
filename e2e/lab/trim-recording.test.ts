import { expect, test } from 'vitest';

import { createFrames, drop, flow, networkInterface, socket } from '../../collector/decode/frames.fixture.ts';
import { createFrameParser } from '../../collector/decode/frame-parser.ts';
import { walkRecords } from '../../collector/decode/records.ts';
import { frameType } from '../../collector/decode/wire.ts';
import { api, frontend } from './topology.ts';
import { trimRecording } from './trim-recording.ts';

const lab = { a: frontend.ipv4, b: api.ipv4 };
const host = { a: '192.0.2.1', b: '192.0.2.2' };

function recordTypes(recording: Buffer): number[] {
  const types: number[] = [];
  createFrameParser().push(recording, (frame) => {
    if (frame.type === frameType.events) walkRecords(frame.payload, (type) => types.push(type));
  });
  return types;
}

test('only what is between the lab’s addresses and on its links stays', () => {
  const frames = createFrames();
  const records = [
    networkInterface({ name: 'eth0', peerNetns: 0 }),
    networkInterface({ name: frontend.link, peerNetns: 7 }),
    socket({ netns: 1 }),
    socket({ netns: 7 }),
    flow(lab),
    flow(host),
    drop(host),
    drop(lab),
  ];
  const recording = Buffer.concat([frames.hello(), frames.events(records)]);
  const trimmed = trimRecording(recording);
  if (!trimmed.ok) throw new Error(trimmed.error);
  expect(recordTypes(recording)).toEqual([4, 4, 5, 5, 1, 1, 2, 2]);
  expect(recordTypes(trimmed.value)).toEqual([4, 5, 1, 2]);
  // A second pass finds nothing more to remove.
  expect(trimRecording(trimmed.value)).toEqual(trimmed);
});

test('a file that is no recording is refused with the byte where it stops being one', () => {
  expect(trimRecording(Buffer.from('GET / HTTP/1.1\r\n'.repeat(8)))).toMatchObject({
    ok: false,
    error: expect.stringContaining('byte 0'),
  });
});
