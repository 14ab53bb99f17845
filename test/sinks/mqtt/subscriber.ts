import { connectAsync, type MqttClient } from 'mqtt';

export interface Received {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
  readonly qos: number;
}

/** Somebody who gets what is published. */
export class Subscriber {
  readonly received: Received[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, { retain, qos }) => {
      this.received.push({ topic, text: payload.toString(), retain, qos });
    });
  }

  static async of(url: string, topics: string | string[] = '#', options = {}): Promise<Subscriber> {
    const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 20, ...options });
    const subscriber = new Subscriber(client);
    await client.subscribeAsync(topics, { qos: 1 });
    return subscriber;
  }

  texts(topic: string): string[] {
    return this.received.filter((each) => each.topic === topic).map(({ text }) => text);
  }

  /** Payloads of a topic. */
  payloads(topic: string): Record<string, unknown>[] {
    return this.texts(topic).map((text) => JSON.parse(text));
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
