-- WordPress's private posts were stored as published.
UPDATE "content" SET "status" = 'private', "visibility" = 'private'
WHERE "platform" = 'wordpress' AND "external_status" = 'private' AND "status" = 'published';
-- A password of a post is not stored here. The next run over core REST reads every post. The connector of 0.4.0 tells
-- of protected posts by their hashes.
DELETE FROM "type_sync" USING "site_integration"
WHERE "type_sync"."integration_id" = "site_integration"."id" AND "site_integration"."platform" = 'wordpress'
  AND "site_integration"."credentials_json" IS NOT NULL;
