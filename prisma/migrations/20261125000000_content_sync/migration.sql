-- Content in step: how far types are read, what was begun and not yet answered, sites that are left alone.

ALTER TABLE "site_integration" ADD COLUMN "paused_until" TIMESTAMPTZ(3);
ALTER TABLE "site_integration" ADD COLUMN "pauses" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "sync_run" ADD COLUMN "attempt" INTEGER NOT NULL DEFAULT 0;

-- One run of an integration works and one waits.
DROP INDEX "sync_run_one_active";
CREATE UNIQUE INDEX "sync_run_one_queued" ON "sync_run" ("integration_id") WHERE "status" = 'queued';
CREATE UNIQUE INDEX "sync_run_one_syncing" ON "sync_run" ("integration_id") WHERE "status" = 'syncing';

ALTER TABLE "content" ADD COLUMN "remote_tag" TEXT;
ALTER TABLE "content" ADD COLUMN "create_begun_at" TIMESTAMPTZ(3);
ALTER TABLE "content" ADD COLUMN "edited_at" TIMESTAMPTZ(3);
ALTER TABLE "content" ADD COLUMN "seen_by_reading" INTEGER;

-- Ids of sites are mostly numbers kept as text; padded they sort as numbers.
CREATE INDEX "content_external_order" ON "content" ("site_id", "content_type", lpad("external_id", 20, '0')) WHERE "external_id" IS NOT NULL;
-- What waits to be brought to a site: few among many.
CREATE INDEX "content_to_push" ON "content" ("site_id", "content_type", "id") WHERE "sync_state" IN ('local_only', 'local_changes');

CREATE TABLE "type_sync" (
    "integration_id" INTEGER NOT NULL,
    "account_id" INTEGER NOT NULL,
    "site_id" INTEGER NOT NULL,
    "content_type" TEXT NOT NULL,
    "watermark" JSONB NOT NULL,
    "fully_read_at" TIMESTAMPTZ(3) NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "type_sync_pkey" PRIMARY KEY ("integration_id", "content_type")
);

ALTER TABLE "type_sync" ADD CONSTRAINT "type_sync_integration_id_site_id_account_id_fkey" FOREIGN KEY ("integration_id", "site_id", "account_id") REFERENCES "site_integration"("id", "site_id", "account_id") ON DELETE CASCADE ON UPDATE CASCADE;
