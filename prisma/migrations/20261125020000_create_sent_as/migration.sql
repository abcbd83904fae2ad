ALTER TABLE "content" ADD COLUMN "create_sent_as" JSONB;
