/** How one WebSocket carries several streams (apiserver/pkg wsstream): the first byte of a message, or its first digit, is the channel. */
export interface ChannelProtocol {
  /** The subprotocol; empty where a client named none. */
  readonly name: string;
  readonly base64: boolean;
  /** v5: a message of 255 and a channel closes that channel. */
  readonly closeSignal: boolean;
}

export const closeChannel = 255;

const known = (name: string): ChannelProtocol => ({ name, base64: name.includes('base64'), closeSignal: name.startsWith('v5.') });

/** What exec and attach speak: v5 as the API server does, the others as the kubelet does. */
export const remoteCommandChannels: readonly ChannelProtocol[] = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
].map(known);

export const portForwardChannels: readonly ChannelProtocol[] = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''].map(known);

/** The first one offered that is spoken; v5 is taken wherever it stands. Undefined if there is none. */
export function chooseChannels(offered: readonly string[], spoken: readonly ChannelProtocol[]): ChannelProtocol | undefined {
  const names = offered.length > 0 ? offered : [''];
  const chosen = names.filter((name) => spoken.some((one) => one.name === name));
  const name = chosen.find((one) => one.startsWith('v5.')) ?? chosen[0];
  return spoken.find((one) => one.name === name);
}

/** A message, text for base64 protocols. */
export function encodeMessage(protocol: ChannelProtocol, channel: number, data: Uint8Array): Buffer | string {
  if (protocol.base64) return `${channel}${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`;
  const message = Buffer.allocUnsafe(1 + data.length);
  message[0] = channel;
  message.set(data, 1);
  return message;
}

/** Undefined for an empty message. Text and binary messages are treated alike, since clients mix them up. */
export function decodeMessage(protocol: ChannelProtocol, message: Buffer): { readonly channel: number; readonly data: Buffer } | undefined {
  const first = message[0];
  if (first === undefined) return undefined;
  if (!protocol.base64) return { channel: first, data: message.subarray(1) };
  return { channel: first - 0x30, data: Buffer.from(message.toString('latin1', 1), 'base64') };
}
