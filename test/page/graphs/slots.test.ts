import { describe, expect, it } from 'vitest';
import { slotsAfter, toggled } from '../../../src/page/graphs/data/slots.ts';

describe('the looks of apps in the graphs', () => {
  it('are given in the order in which apps are tracked, as long as there are some', () => {
    expect(slotsAfter([null, null], [], ['a', 'b', 'c'])).toEqual(['a', 'b']);
  });

  it('stay with an app when another one goes', () => {
    expect(slotsAfter(['a', 'b', null], ['a', 'b'], ['b'])).toEqual([null, 'b', null]);
    expect(slotsAfter([null, 'b', null], ['b'], ['b', 'c'])).toEqual(['c', 'b', null]);
  });

  it('are not given to an app that was tracked before and has none, until somebody wants it', () => {
    expect(slotsAfter(['a', null], ['a', 'b'], ['a', 'b', 'c'])).toEqual(['a', 'c']);
    expect(toggled(['a', null], 'b')).toEqual(['a', 'b']);
    expect(toggled(['a', 'b'], 'a')).toEqual([null, 'b']);
  });

  it('do not change where none is free', () => {
    expect(toggled(['a', 'b'], 'c')).toEqual(['a', 'b']);
  });
});
