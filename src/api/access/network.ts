/** Whoever has one IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [first, last = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups = [
    ...(first ?? []),
    ...Array(8)
      .fill('0')
      .slice((first?.length ?? 0) + last.length),
    ...last,
  ];
  return groups.slice(0, 4).join(':');
}
