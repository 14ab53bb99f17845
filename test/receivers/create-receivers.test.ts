import { expect, it } from 'vitest';
import { createReceivers } from '../../receivers/index.ts';
import { parseConfig } from '../../src/config/config.ts';
import { isListening } from '../../src/contract/receiver.ts';
import { partsUnderTest } from './receivers-under-test.ts';

const configured = (yaml: string) => parseConfig(yaml, 'config.yaml').receivers;
const namesOf = (yaml: string) =>
  createReceivers(configured(yaml), partsUnderTest('unused')).map(({ name }) => name);

it('the API serves a receiver of its own, after the configured ones', () => {
  expect(namesOf('')).toEqual(['udp', 'tcp', 'http']);
  expect(namesOf('receivers: []')).toEqual(['http']);
});

it('it serves none besides one that is configured, which has the name and the place that it has there', () => {
  expect(namesOf('receivers: [ { type: http, name: web }, { type: udp } ]')).toEqual(['web', 'udp']);
  expect(namesOf('receivers: [ { type: http } ]')).toEqual(['http']);
});

it('its name is another one where that is taken', () => {
  expect(namesOf('receivers: [ { type: udp, name: http } ]')).toEqual(['http', 'http-2']);
});

it('those that have an address are told apart from those that have none', () => {
  const receivers = configured('receivers: [ { type: udp }, { type: http }, { type: tcp } ]');
  expect(receivers.filter(isListening).map(({ port }) => port)).toEqual([9997, 9998]);
});
