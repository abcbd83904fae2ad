-- Row numbers come back with a restored or a new database, so no number may say on another system which content an
-- item is. Each content gets a key that is never used again, and the database an id of its own.

CREATE TABLE "server" (
    "id" BOOLEAN NOT NULL DEFAULT true CHECK ("id"),
    "server_id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "public_url" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "server_pkey" PRIMARY KEY ("id")
);
INSERT INTO "server" DEFAULT VALUES;

ALTER TABLE "content" ADD COLUMN "key" UUID NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN "birth" JSONB,
    ADD COLUMN "link_mismatch" JSONB;
CREATE UNIQUE INDEX "content_key_key" ON "content"("key");
-- What the site said last is known of those without edits here.
-- A draft may have no date of its own, but that of its last change.
UPDATE "content" SET "birth" = jsonb_build_object(
    'date', CASE WHEN "external_status" IN ('draft', 'pending') THEN NULL ELSE "metadata"->>'date_gmt' END, 'slug', "slug",
    'author', "metadata"->>'author', 'key', null)
WHERE "external_id" IS NOT NULL AND "platform" = 'wordpress' AND "sync_state" = 'in_sync';

CREATE TABLE "write_operation" (
    "id" UUID NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "integration_id" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "answered_at" TIMESTAMPTZ(3),
    CONSTRAINT "write_operation_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "write_operation_integration_id_created_at_idx" ON "write_operation"("integration_id", "created_at");
CREATE INDEX "write_operation_created_at_idx" ON "write_operation"("created_at");
ALTER TABLE "write_operation" ADD CONSTRAINT "write_operation_integration_id_site_id_account_id_fkey"
    FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id")
    ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "site_integration" ADD COLUMN "restored_at" TIMESTAMPTZ(3),
    ADD COLUMN "restored_operation" UUID,
    ADD COLUMN "moved_at" TIMESTAMPTZ(3);

-- By these, others tell duplicates of what they were told.
ALTER TABLE "sync_event" ADD COLUMN "key" UUID NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "sync_run" ADD COLUMN "key" UUID NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE "webhook_delivery" ADD COLUMN "key" UUID NOT NULL DEFAULT gen_random_uuid();
