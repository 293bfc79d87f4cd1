/** A conversation in HTTP/1.1 with all that frames its messages. */
import type { Line } from './converse.fixture.ts';

const line = (sender: 0 | 1, text: string): Line => [sender, Buffer.from(text, 'latin1')];

export function httpTalk(): Line[] {
  return [
    line(
      0,
      'GET /a?token=x HTTP/1.1\r\nHost: joe@api\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n',
    ),
    line(1, 'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world!'),
    line(0, 'POST /b HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nT: v\r\n\r\n'),
    line(0, 'HEAD /c HTTP/1.1\r\nHost:\r\n api\r\n\r\nGET /d HTTP/1.1\r\n\r\n'),
    line(
      1,
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ),
    line(1, 'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n'),
    line(0, 'PUT /e HTTP/1.1\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n'),
    line(1, 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n'),
    line(0, 'GET /f HTTP/1.1\r\nUpgrade: h2c\r\n\r\n'),
    line(1, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'),
  ];
}
