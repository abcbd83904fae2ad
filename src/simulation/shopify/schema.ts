import { buildSchema } from 'graphql';

/**
 * The part of the Admin API's schema that Sitebridge uses, in version 2026-10:
 * https://shopify.dev/docs/api/admin-graphql/2026-10. Names, arguments and nullability are those of the
 * original. The exception: nodes of a list may be null, so that faults can make them null.
 */
const ITEM = `
  id: ID!
  handle: String!
  title: String!
  templateSuffix: String
  metafield(namespace: String, key: String!): Metafield`;

const PAGED = 'first: Int, after: String, last: Int, before: String, reverse: Boolean = false';

export const schema = buildSchema(`
scalar DateTime
scalar HTML
scalar URL

interface Node { id: ID! }
interface Catalog { id: ID! title: String! }

type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
enum CountPrecision { EXACT AT_LEAST }
type Count { count: Int! precision: CountPrecision! }
type Metafield { namespace: String! key: String! type: String! value: String! }
type SEO { title: String description: String }
type Image { url: URL! altText: String }
type Domain { host: String! url: URL! }
type Shop { name: String! myshopifyDomain: String! primaryDomain: Domain! }
type AccessScope { handle: String! description: String! }
type AppInstallation { id: ID! accessScopes: [AccessScope!]! }

type ArticleAuthor { name: String! }
type Article implements Node {${ITEM}
  author: ArticleAuthor
  blog: Blog!
  body: HTML!
  summary: HTML
  tags: [String!]!
  image: Image
  isPublished: Boolean!
  publishedAt: DateTime
  createdAt: DateTime!
  updatedAt: DateTime
}
type Blog implements Node {
  id: ID!
  handle: String!
  title: String!
  articlesCount(limit: Int = 10000): Count
}
type Page implements Node {${ITEM}
  body: HTML!
  isPublished: Boolean!
  publishedAt: DateTime
  createdAt: DateTime!
  updatedAt: DateTime!
}
scalar Decimal
type MoneyV2 { amount: Decimal! currencyCode: String! }
type ProductPriceRangeV2 { maxVariantPrice: MoneyV2! minVariantPrice: MoneyV2! }
enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
type MediaPreviewImage { image: Image }
type MediaImage { preview: MediaPreviewImage }
type Product implements Node {${ITEM}
  descriptionHtml: HTML!
  tags: [String!]!
  productType: String!
  vendor: String!
  status: ProductStatus!
  priceRangeV2: ProductPriceRangeV2!
  seo: SEO!
  featuredMedia: MediaImage
  collections(${PAGED}): CollectionConnection!
  publishedOnPublication(publicationId: ID!): Boolean!
  createdAt: DateTime!
  updatedAt: DateTime!
}
enum CollectionSortOrder { ALPHA_ASC ALPHA_DESC BEST_SELLING CREATED CREATED_DESC MANUAL PRICE_ASC PRICE_DESC }
type Collection implements Node {${ITEM}
  descriptionHtml: HTML!
  sortOrder: CollectionSortOrder!
  seo: SEO!
  image: Image
  productsCount: Count
  publishedOnPublication(publicationId: ID!): Boolean!
  updatedAt: DateTime!
}
type Channel implements Node { id: ID! handle: String! name: String! }
type ChannelConnection { nodes: [Channel!]! pageInfo: PageInfo! }
type Publication implements Node { id: ID! name: String! channels(${PAGED}): ChannelConnection }
type MetafieldDefinition implements Node { id: ID! name: String! namespace: String! key: String! }
enum MetafieldOwnerType { ARTICLE PAGE PRODUCT COLLECTION }

type ArticleConnection { nodes: [Article]! pageInfo: PageInfo! }
type BlogConnection { nodes: [Blog]! pageInfo: PageInfo! }
type PageConnection { nodes: [Page]! pageInfo: PageInfo! }
type ProductConnection { nodes: [Product]! pageInfo: PageInfo! }
type CollectionConnection { nodes: [Collection]! pageInfo: PageInfo! }
type PublicationConnection { nodes: [Publication]! pageInfo: PageInfo! }
type MetafieldDefinitionConnection { nodes: [MetafieldDefinition]! pageInfo: PageInfo! }
type StringConnection { nodes: [String!]! pageInfo: PageInfo! }

enum ArticleSortKeys { AUTHOR BLOG_TITLE ID PUBLISHED_AT TITLE UPDATED_AT }
enum PageSortKeys { ID PUBLISHED_AT TITLE UPDATED_AT }
enum ProductSortKeys { CREATED_AT ID TITLE UPDATED_AT }
enum CollectionSortKeys { ID TITLE UPDATED_AT }
enum ArticleTagSort { ALPHABETICAL POPULAR }
input CollectionIdentifierInput @oneOf { handle: String id: ID }

type QueryRoot {
  shop: Shop!
  currentAppInstallation: AppInstallation!
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  articles(${PAGED}, query: String, sortKey: ArticleSortKeys = ID): ArticleConnection!
  articleTags(limit: Int!, sort: ArticleTagSort = ALPHABETICAL): [String!]!
  blogs(${PAGED}, query: String): BlogConnection!
  pages(${PAGED}, query: String, sortKey: PageSortKeys = ID): PageConnection!
  pagesCount(limit: Int = 10000): Count
  product(id: ID!): Product
  products(${PAGED}, query: String, sortKey: ProductSortKeys = ID): ProductConnection!
  productsCount(limit: Int = 10000, query: String): Count
  productTags(${PAGED}): StringConnection
  productTypes(${PAGED}): StringConnection
  collections(${PAGED}, query: String, sortKey: CollectionSortKeys = ID): CollectionConnection!
  blogsCount(limit: Int = 10000, query: String): Count
  collectionsCount(limit: Int = 10000, query: String): Count
  collectionByIdentifier(identifier: CollectionIdentifierInput!): Collection
  publications(${PAGED}): PublicationConnection!
  metafieldDefinitions(${PAGED}, ownerType: MetafieldOwnerType!): MetafieldDefinitionConnection!
}

input AuthorInput { name: String userId: ID }
input MetafieldInput { id: ID namespace: String key: String type: String value: String }
input SEOInput { title: String description: String }
input ArticleImageInput { url: String altText: String }
input ImageInput { id: ID src: String altText: String }
input ArticleCreateInput {
  author: AuthorInput! blogId: ID body: HTML handle: String image: ArticleImageInput isPublished: Boolean
  metafields: [MetafieldInput!] publishDate: DateTime summary: HTML tags: [String!] templateSuffix: String title: String!
}
input ArticleUpdateInput {
  author: AuthorInput blogId: ID body: HTML handle: String image: ArticleImageInput isPublished: Boolean
  metafields: [MetafieldInput!] publishDate: DateTime summary: HTML tags: [String!] templateSuffix: String title: String
}
input PageCreateInput {
  body: String handle: String isPublished: Boolean metafields: [MetafieldInput!] publishDate: DateTime
  templateSuffix: String title: String!
}
input PageUpdateInput {
  body: String handle: String isPublished: Boolean metafields: [MetafieldInput!] publishDate: DateTime
  templateSuffix: String title: String
}
enum MediaContentType { EXTERNAL_VIDEO IMAGE MODEL_3D VIDEO }
input CreateMediaInput { alt: String mediaContentType: MediaContentType! originalSource: String! }
input ProductCreateInput {
  collectionsToJoin: [ID!] descriptionHtml: String handle: String metafields: [MetafieldInput!] productType: String
  seo: SEOInput status: ProductStatus tags: [String!] templateSuffix: String title: String vendor: String
}
input ProductUpdateInput {
  id: ID collectionsToJoin: [ID!] collectionsToLeave: [ID!] descriptionHtml: String handle: String
  metafields: [MetafieldInput!] productType: String seo: SEOInput status: ProductStatus tags: [String!]
  templateSuffix: String title: String vendor: String
}
input CollectionCreateInput {
  descriptionHtml: String handle: String image: ImageInput metafields: [MetafieldInput!] seo: SEOInput
  sortOrder: CollectionSortOrder templateSuffix: String title: String!
}
input CollectionUpdateInput {
  id: ID descriptionHtml: String handle: String image: ImageInput metafields: [MetafieldInput!] seo: SEOInput
  sortOrder: CollectionSortOrder templateSuffix: String title: String
}
input PublicationInput { publicationId: ID publishDate: DateTime }

type UserError { field: [String!] message: String! }
type ArticleCreateUserError { code: String field: [String!] message: String! }
type ArticleUpdateUserError { code: String field: [String!] message: String! }
type PageCreateUserError { code: String field: [String!] message: String! }
type PageUpdateUserError { code: String field: [String!] message: String! }
type ArticleCreatePayload { article: Article userErrors: [ArticleCreateUserError!]! }
type ArticleUpdatePayload { article: Article userErrors: [ArticleUpdateUserError!]! }
type PageCreatePayload { page: Page userErrors: [PageCreateUserError!]! }
type PageUpdatePayload { page: Page userErrors: [PageUpdateUserError!]! }
type ProductCreatePayload { product: Product userErrors: [UserError!]! }
type ProductUpdatePayload { product: Product userErrors: [UserError!]! }
type CollectionCreatePayload { collection: Collection userErrors: [UserError!]! }
type CollectionUpdatePayload { collection: Collection userErrors: [UserError!]! }
type PublishablePayload { userErrors: [UserError!]! }

type Mutation {
  articleCreate(article: ArticleCreateInput!): ArticleCreatePayload
  articleUpdate(id: ID!, article: ArticleUpdateInput!): ArticleUpdatePayload
  pageCreate(page: PageCreateInput!): PageCreatePayload
  pageUpdate(id: ID!, page: PageUpdateInput!): PageUpdatePayload
  productCreate(product: ProductCreateInput, media: [CreateMediaInput!]): ProductCreatePayload
  productUpdate(product: ProductUpdateInput, media: [CreateMediaInput!]): ProductUpdatePayload
  collectionCreate(collection: CollectionCreateInput): CollectionCreatePayload
  collectionUpdate(collection: CollectionUpdateInput): CollectionUpdatePayload
  publishablePublish(id: ID!, input: [PublicationInput!]!): PublishablePayload
  publishableUnpublish(id: ID!, input: [PublicationInput!]!): PublishablePayload
}

schema { query: QueryRoot mutation: Mutation }
`);
