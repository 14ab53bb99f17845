import { ConfigError } from './config-errors.ts';
import { readConfigFile } from './config-file.ts';
import { type AccessToken, type Scope, tokenProblem } from './core/access-token.ts';

/** A token as the schema gives it: it has one of `token` and `tokenFile`. */
interface ConfiguredToken {
  readonly name: string;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly scopes: readonly Scope[];
}

/**
 * The tokens, with what is in their files. `pathOf` finds a file, `shownAs` is what messages call a token's key.
 * @throws ConfigError for the first file that cannot be read, else with the problems of all tokens
 */
export function readTokens(
  configured: readonly ConfiguredToken[],
  pathOf: (file: string) => string,
  shownAs: (index: number, key: 'token' | 'tokenFile') => string,
): AccessToken[] {
  const problems: string[] = [];
  const tokens: AccessToken[] = [];
  for (const [index, { name, token, tokenFile, scopes }] of configured.entries()) {
    const where = shownAs(index, tokenFile === undefined ? 'token' : 'tokenFile');
    const text = token ?? readConfigFile(pathOf(tokenFile ?? ''), where).trim();
    const problem = tokenProblem(text);
    const same = tokens.findIndex((other) => other.token === text);
    if (problem !== null) problems.push(`${where}: ${problem}`);
    // Which of the two scopes would count?
    else if (same >= 0) problems.push(`${where}: same token as api.tokens[${same}]`);
    tokens.push({ name, token: text, scopes });
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return tokens;
}
