import {
  type DocumentNode,
  type FieldNode,
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLUnionType,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  Kind,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import { schema } from './schema.ts';

type Variables = Readonly<Record<string, unknown>>;
type Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType;

/**
 * The cost of a query in points. Scalars and enums cost 0, an object 1, an interface as much as its most
 * expensive selection, a mutation 10. https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits A
 * connection is "sized by its first and last arguments". Shopify no longer documents the formula, so this is
 * the earlier one: 2 plus the cost of each node. https://help.shopify.com/en/api/graphql-admin-api/call-limit
 */
export function requestedCost(document: DocumentNode, variables: Variables): number {
  return cost(document, variables, undefined);
}

/** The actual cost of a query, from the nodes in its result. */
export function actualCost(document: DocumentNode, variables: Variables, data: unknown): number {
  return cost(document, variables, data ?? null);
}

function cost(document: DocumentNode, variables: Variables, data: unknown): number {
  let total = 0;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const mutation = definition.operation === 'mutation';
    const root = mutation ? schema.getMutationType() : schema.getQueryType();
    if (!root) continue;
    total += selectionCost(definition.selectionSet, root, variables, data);
    if (mutation) total += 10 * definition.selectionSet.selections.length;
  }
  return total;
}

/** When `data` is undefined, the cost of the largest possible result. */
function selectionCost(set: SelectionSetNode, type: Composite, variables: Variables, data: unknown): number {
  let own = 0;
  let mostOfTypes = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) own += fieldCost(selection, type, variables, data);
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value) : type;
      if (isComposite(on)) {
        const part = selectionCost(selection.selectionSet, on, variables, data);
        mostOfTypes = Math.max(mostOfTypes, part);
      }
    } else throw new Error('Fragments by name are not used here.');
  }
  return own + mostOfTypes;
}

function fieldCost(field: FieldNode, parent: Composite, variables: Variables, holder: unknown): number {
  if (!(parent instanceof GraphQLObjectType || parent instanceof GraphQLInterfaceType)) return 0;
  const definition = parent.getFields()[field.name.value];
  if (!definition || !field.selectionSet) return 0;
  const type = getNamedType(definition.type);
  if (isLeafType(type) || !isComposite(type)) return 0;
  const value = holder === undefined ? undefined : property(holder, (field.alias ?? field.name).value);
  if (value === null) return 0;
  const set = field.selectionSet;
  if (type instanceof GraphQLObjectType && type.name.endsWith('Connection')) {
    const size = sizeOf(field, variables);
    const nodes = set.selections.find(
      (each): each is FieldNode => each.kind === Kind.FIELD && each.name.value === 'nodes',
    );
    const rest = set.selections.filter((each) => each !== nodes);
    const nodeType = getNamedType(type.getFields().nodes?.type);
    const of = (node: unknown) =>
      nodes?.selectionSet && isComposite(nodeType)
        ? 1 + selectionCost(nodes.selectionSet, nodeType, variables, node)
        : 1;
    const found = value === undefined ? undefined : property(value, 'nodes');
    const each = Array.isArray(found)
      ? found.reduce<number>((sum, node) => sum + (node === null ? 0 : of(node)), 0)
      : size * of(undefined);
    return 2 + each + selectionCost({ kind: Kind.SELECTION_SET, selections: rest }, type, variables, value);
  }
  if (isListType(getNullableType(definition.type))) {
    const ids = argument(field, 'ids', variables);
    const of = (node: unknown) => 1 + selectionCost(set, type, variables, node);
    if (Array.isArray(ids))
      return Array.isArray(value)
        ? value.reduce<number>((sum, node) => sum + (node === null ? 0 : of(node)), 0)
        : ids.length * of(undefined);
  }
  return 1 + selectionCost(set, type, variables, value);
}

function sizeOf(field: FieldNode, variables: Variables): number {
  return Number(argument(field, 'first', variables) ?? argument(field, 'last', variables) ?? 0);
}

function argument(field: FieldNode, name: string, variables: Variables): unknown {
  const node = field.arguments?.find((each) => each.name.value === name)?.value;
  return node === undefined ? undefined : valueFromASTUntyped(node, { ...variables });
}

function property(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined;
}

function isComposite(type: unknown): type is Composite {
  return (
    type instanceof GraphQLObjectType ||
    type instanceof GraphQLInterfaceType ||
    type instanceof GraphQLUnionType
  );
}
