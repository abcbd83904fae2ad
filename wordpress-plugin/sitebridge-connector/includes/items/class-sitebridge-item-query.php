<?php
/**
 * Queries that must not fail silently.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Queries the database, and throws when WordPress would return an empty result after a failure. After an
 * empty result the server would take contents for deleted.
 */
final class Sitebridge_Item_Query {

	/**
	 * The rows of a query.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	public static function rows( $sql ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.NotPrepared -- the current state of the database, not a cache; the caller prepares the SQL.
		$rows = $wpdb->get_results( $sql );
		if ( ! is_array( $rows ) || '' !== $wpdb->last_error ) {
			throw new RuntimeException( 'The database could not answer.' );
		}

		return $rows;
	}

	/**
	 * The integers in column `n` of a query's rows.
	 *
	 * @param string $sql Prepared SQL.
	 * @return int[]
	 * @throws RuntimeException When the database fails.
	 */
	public static function numbers( $sql ) {
		return array_map( 'intval', wp_list_pluck( self::rows( $sql ), 'n' ) );
	}

	/**
	 * A list of texts for SQL's IN.
	 *
	 * @param string[] $words At least one text.
	 * @return string SQL.
	 */
	public static function words( array $words ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.PreparedSQLPlaceholders.UnfinishedPrepare, WordPress.DB.PreparedSQL.NotPrepared -- as many placeholders as words.
		return '(' . $wpdb->prepare( implode( ',', array_fill( 0, count( $words ), '%s' ) ), $words ) . ')';
	}
}
