import { type ComponentChildren, h as create, type JSX, type Key } from 'preact';

/** What a component shows. */
export type View = JSX.Element;

/**
 * An element of HTML, or a component, with its properties and what is in it. It is Preact's own `h`, with types that check
 * the properties of elements, and that let the children of a component be given where those of an element are.
 */
export const h = create as Hyperscript;

interface Hyperscript {
  <Tag extends keyof JSX.IntrinsicElements>(
    tag: Tag,
    properties: JSX.IntrinsicElements[Tag] | null,
    ...children: ComponentChildren[]
  ): View;
  <Properties extends object>(
    component: (properties: Properties) => View | null,
    properties: Given<Properties> | null,
    ...children: ComponentChildren[]
  ): View;
}

type Given<Properties> = Omit<Properties, 'children'> & { readonly key?: Key };
