import type { Operation } from '../api/adminClient.ts';
import { type ContentKind, fieldsOf } from './contentKinds.ts';

interface Mutation {
  /** The name of the mutation, and of its payload in the data. */
  field: string;
  /** The declared type of `$input`. */
  inputType: string;
  /** The argument that takes the input. */
  argument: string;
  /** Is the id of the updated item an argument of its own, and not a field of the input? */
  idBeside: boolean;
  /** Do user errors have codes? */
  codes: boolean;
}

/** https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/articleCreate and the like */
export const MUTATIONS: Readonly<Record<ContentKind['slug'], { create: Mutation; update: Mutation }>> = {
  article: both('article', 'Article', { idBeside: true, codes: true }),
  page: both('page', 'Page', { idBeside: true, codes: true }),
  product: both('product', 'Product', { idBeside: false, codes: false }),
  collection: both('collection', 'Collection', { idBeside: false, codes: false }),
};

function both(name: string, type: string, facts: Pick<Mutation, 'idBeside' | 'codes'>) {
  const mutation = (verb: 'Create' | 'Update'): Mutation => ({
    field: `${name}${verb}`,
    inputType: `${type}${verb}Input!`,
    argument: name,
    ...facts,
  });
  return { create: mutation('Create'), update: mutation('Update') };
}

/** The mutation that creates or updates one item and answers with all its fields. */
export function writeOperation(
  kind: ContentKind,
  verb: 'create' | 'update',
  onlineStore: string | null,
): Operation & { field: string } {
  const { field, inputType, argument, idBeside, codes } = MUTATIONS[kind.slug][verb];
  const id = verb === 'update' && idBeside;
  const media = kind.slug === 'product';
  const declared = `$input: ${inputType}${id ? ', $id: ID!' : ''}${media ? ', $media: [CreateMediaInput!]' : ''}`;
  const given = `${argument}: $input${id ? ', id: $id' : ''}${media ? ', media: $media' : ''}`;
  return {
    field,
    name: field,
    document: `mutation Write(${declared}) {
  ${field}(${given}) {
    ${kind.slug} { ${fieldsOf(kind, onlineStore)} }
    userErrors { field message ${codes ? 'code' : ''} }
  }
}`,
    cost: 12 + kind.itemCost,
  };
}

/** The mutation that makes a product or collection visible in a publication, or takes it out. */
export function publishOperation(verb: 'publish' | 'unpublish'): Operation & { field: string } {
  const field = verb === 'publish' ? 'publishablePublish' : 'publishableUnpublish';
  return {
    field,
    name: field,
    document: `mutation Publish($id: ID!, $input: [PublicationInput!]!) {
  ${field}(id: $id, input: $input) { userErrors { field message } }
}`,
    cost: 12,
  };
}

/** https://shopify.dev/docs/api/admin-graphql/2026-10/objects/ProductPriceRangeV2 */
export const PRICE_OF_PRODUCT: Operation = {
  name: 'Price of a product',
  document: `query PriceOfProduct($id: ID!) {
  product(id: $id) { priceRangeV2 { minVariantPrice { amount } } }
}`,
  cost: 3,
};

export const COLLECTION_BY_HANDLE: Operation = {
  name: 'Collection by handle',
  document: `query CollectionByHandle($handle: String!) {
  collectionByIdentifier(identifier: { handle: $handle }) { id }
}`,
  cost: 1,
};
