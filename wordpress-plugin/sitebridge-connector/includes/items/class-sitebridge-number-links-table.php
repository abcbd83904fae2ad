<?php
/**
 * The table of links by content number.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * For servers that identify contents only by number. A new or restored database assigns the same numbers
 * again.
 */
final class Sitebridge_Number_Links_Table extends Sitebridge_Links_Table {

	const TABLE          = 'sitebridge_items';
	const VERSION_OPTION = 'sitebridge_connector_items_version';
	const VERSION        = '1';
	const COLUMN         = 'content_id';
	const TYPE           = 'bigint unsigned';
}
