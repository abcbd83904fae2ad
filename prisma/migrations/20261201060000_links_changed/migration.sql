ALTER TABLE "site_integration" ADD COLUMN "links_changed_at" TIMESTAMPTZ(3);
