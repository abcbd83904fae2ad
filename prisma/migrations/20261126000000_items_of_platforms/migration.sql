-- A site may have an integration with each of several platforms, and a type of the same name on each: an id of a
-- site says what it is of only together with the platform.

ALTER TABLE "content" ADD COLUMN "platform" TEXT;
-- Of what was synced until now: the integration that reads its type, else the only one of its site.
UPDATE "content" SET "platform" = coalesce(
    (SELECT i."platform" FROM "type_sync" t JOIN "site_integration" i ON i."id" = t."integration_id"
        WHERE t."site_id" = "content"."site_id" AND t."content_type" = "content"."content_type"
        ORDER BY t."read_at" DESC LIMIT 1),
    (SELECT i."platform" FROM "site_integration" i WHERE i."site_id" = "content"."site_id"
        ORDER BY i."platform" = 'wordpress' DESC, i."id" LIMIT 1),
    'wordpress')
WHERE "external_id" IS NOT NULL OR "create_begun_at" IS NOT NULL;
ALTER TABLE "content" ADD CONSTRAINT "content_item_has_platform" CHECK ("external_id" IS NULL OR "platform" IS NOT NULL);

DROP INDEX "content_site_id_content_type_external_id_key";
CREATE UNIQUE INDEX "content_site_id_content_type_external_id_platform_key" ON "content"("site_id", "content_type", "external_id", "platform");

ALTER TABLE "site_term" ADD COLUMN "platform" TEXT;
UPDATE "site_term" SET "platform" = coalesce(
    (SELECT i."platform" FROM "site_integration" i WHERE i."site_id" = "site_term"."site_id"
        ORDER BY i."platform" = 'wordpress' DESC, i."id" LIMIT 1),
    'wordpress');
ALTER TABLE "site_term" ALTER COLUMN "platform" SET NOT NULL;

DROP INDEX "site_term_site_id_taxonomy_external_id_key";
CREATE UNIQUE INDEX "site_term_site_id_taxonomy_external_id_platform_key" ON "site_term"("site_id", "taxonomy", "external_id", "platform");
