import type { Client } from "../client/client.ts";
import { configMaps, persistentVolumeClaims, persistentVolumes, secrets, serviceAccounts, services } from "../api/kinds.ts";
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Secret, Service, ServiceAccount } from "../api/types/core-v1.ts";
import { isStatus } from "../base/status-error.ts";

/** Decodes base64 as the API writes it. */
export function decodeBase64(text: string): Uint8Array {
  const clean = text.replace(/[^A-Za-z0-9+/]/g, "");
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < clean.length; i++) {
    held = (held << 6) | "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(clean[i] as string);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = (held >> bits) & 0xff;
  }
  return bytes;
}

/** A mount or a variable that the Pod asks for cannot be had now; the text is upstream's. */
export class MissingError extends Error {}

const encoder = new TextEncoder();

/** What Pods refer to, read when it is needed. Contents are made once per revision and shared by all Pods that use it. */
export class PodObjects {
  private readonly client: Client;
  private readonly contents = new WeakMap<object, ReadonlyMap<string, Uint8Array>>();

  constructor(client: Client) {
    this.client = client;
  }

  async configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.read(() => this.client.get(configMaps, { namespace, name }));
  }

  async secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.read(() => this.client.get(secrets, { namespace, name }));
  }

  async claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined> {
    return this.read(() => this.client.get(persistentVolumeClaims, { namespace, name }));
  }

  async volume(name: string): Promise<PersistentVolume | undefined> {
    return this.read(() => this.client.get(persistentVolumes, { name }));
  }

  async serviceAccount(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    return this.read(() => this.client.get(serviceAccounts, { namespace, name }));
  }

  async services(namespace: string): Promise<readonly Service[]> {
    return (await this.client.list(services, { namespace })).items;
  }

  /** The bytes of every key. */
  contentOf(object: ConfigMap | Secret): ReadonlyMap<string, Uint8Array> {
    let content = this.contents.get(object);
    if (!content) {
      const made = new Map<string, Uint8Array>();
      const binary = object.kind === "Secret" ? (object as Secret).data : (object as ConfigMap).binaryData;
      if (object.kind !== "Secret") for (const [key, text] of Object.entries((object as ConfigMap).data ?? {})) made.set(key, encoder.encode(text));
      for (const [key, text] of Object.entries(binary ?? {})) made.set(key, decodeBase64(text));
      this.contents.set(object, (content = made));
    }
    return content;
  }

  private async read<T>(get: () => Promise<T>): Promise<T | undefined> {
    try {
      return await get();
    } catch (error) {
      if (isStatus(error, "NotFound")) return undefined;
      throw error;
    }
  }
}
