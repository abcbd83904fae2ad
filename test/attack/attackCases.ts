/** All combinations of operation, caller and named rows, with the response that the rules demand. */
import type { Route } from '../../src/http/route.ts';
import { pathsOf } from '../../src/http/route.ts';
import type { AttackAnswer } from './attackCall.ts';
import { type Caller, type Named, namesNothing, verdict } from './callers.ts';
import { type CallRule, callRules } from './callRules.ts';
import { isSuccess, type Operation, spellingsOf } from './operations.ts';

export interface AttackCase {
  operation: Operation;
  rule: CallRule;
  caller: Caller;
  named: Named;
  expected: number | 'success';
  /** For messages of a failed test. */
  title: string;
}

/** The operations that have a rule, each with its rule. */
export function ruled(operations: Operation[]): { operation: Operation; rule: CallRule }[] {
  return operations.flatMap((operation) => {
    const rule = callRules[operation.name];
    return rule === undefined ? [] : [{ operation, rule }];
  });
}

/** Every case of an operation and a caller. */
export function casesOf(operation: Operation, rule: CallRule, caller: Caller): AttackCase[] {
  const kinds: Named[] = namesNothing(rule) ? ['own'] : ['own', 'foreign', 'missing'];
  return kinds.map((named) => ({
    operation,
    rule,
    caller,
    named,
    expected: verdict(rule, caller, named),
    title: `${operation.name} by ${caller.name}, ${named}`,
  }));
}

/** Every case of some operations and callers. */
export function allCases(operations: Operation[], callers: Caller[]): AttackCase[] {
  return ruled(operations).flatMap(({ operation, rule }) =>
    callers.flatMap((caller) => casesOf(operation, rule, caller)),
  );
}

/** What is wrong with the answer; empty if it is what the rules demand, and shows none of the `hidden` texts. */
export function faultsOf(each: AttackCase, answer: AttackAnswer, hidden: string[]): string[] {
  const { operation, expected, title } = each;
  const isRight = expected === 'success' ? isSuccess(operation, answer.status) : answer.status === expected;
  const found = hidden.filter((text) => answer.text.includes(text));
  return [
    ...(isRight ? [] : [`${title}: ${answer.status} instead of ${expected}: ${answer.text.slice(0, 300)}`]),
    ...(found.length === 0 ? [] : [`${title}: shows ${found.join(', ')}`]),
  ];
}

/** The other spellings of the operation's path, with those that older callers use. */
export function otherSpellings(operation: Operation, routes: Route[]): string[] {
  const braces = (path: string) => path.replace(/:(\w+)/g, '{$1}');
  const route = routes.find(
    ({ method, path }) => `${method.toUpperCase()} ${braces(path)}` === operation.name,
  );
  return spellingsOf(operation, route ? pathsOf(route).map(braces) : []);
}
