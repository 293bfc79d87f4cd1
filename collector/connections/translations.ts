/**
 * Which backend a connection to a service went to: the two conversations, before and after the translation, find each
 * other here. Bounded; the ones told longest ago go first.
 */
import { addressKey } from '../decode/address.ts';
import { conversationKey, flowKeyOf, type ConversationKey, type Socket } from '../decode/conversation-key.ts';
import type { Counters } from '../counters.ts';
import { translationRecord } from '../decode/wire.ts';

export interface Translation {
  readonly client: Socket;
  readonly service: Socket;
  readonly backend: Socket;
  /** struct flow_key of client and service, of the client as the backend sees it and the backend. */
  readonly before: Buffer;
  readonly after: Buffer;
  /** The socket itself was translated: nothing on any interface has the service's address. */
  readonly isAtSocket: boolean;
  /** A row has told the conversation before the translation, which may have ended and been forgotten since. */
  isTold: boolean;
}

export interface Translations {
  readonly size: number;
  /** A TRANSLATION record. */
  add(bytes: Buffer, at: number): Translation;
  /** By struct flow_key of either of the two conversations. */
  find(key: Buffer): Translation | undefined;
}

const byConnect = 2;

export function createTranslations(limit: number, counters: Counters): Translations {
  const byKey = new Map<ConversationKey, Translation>();

  const put = (key: ConversationKey, translation: Translation): void => {
    byKey.delete(key);
    byKey.set(key, translation);
    const oldest = byKey.size > limit ? byKey.keys().next().value : undefined;
    if (oldest === undefined) return;
    byKey.delete(oldest);
    counters.add('translations_over_limit', 1);
  };

  return {
    get size() {
      return byKey.size;
    },
    add(bytes, at) {
      const endAt = (address: number, port: number): Socket => ({
        address: addressKey(bytes, at + address),
        port: bytes.readUInt16LE(at + port),
      });
      const client = endAt(translationRecord.client, translationRecord.client_port);
      const service = endAt(translationRecord.service, translationRecord.service_port);
      const backend = endAt(translationRecord.backend, translationRecord.backend_port);
      const seenAs = endAt(translationRecord.seen_as, translationRecord.seen_as_port);
      const protocol = bytes[at + translationRecord.protocol] ?? 0;
      const family = bytes[at + translationRecord.family] ?? 0;
      const before = flowKeyOf(client, service, protocol, family);
      const after = flowKeyOf(seenAs, backend, protocol, family);
      const isAtSocket = bytes[at + translationRecord.by] === byConnect;
      const translation = { client, service, backend, before, after, isAtSocket, isTold: false };
      if (!isAtSocket) put(conversationKey(before, 0), translation);
      put(conversationKey(after, 0), translation);
      return translation;
    },
    find: (key) => (byKey.size === 0 ? undefined : byKey.get(conversationKey(key, 0))),
  };
}
