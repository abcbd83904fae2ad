<?php
/**
 * Hashes of contents, computed by the database.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A content's hash is the XOR of the hashes of its rows. The rows are the post, each of its terms, and each
 * meta value that is synced. A row's hash is 64 bits of its MD5. The hash of a range of ids is the XOR of all
 * rows in the range. The database computes it, so that no large data passes through PHP. A server that knows
 * the hashes of the contents can tell which ranges differ.
 *
 * The meta also includes the marks of page builders, so that switching a builder on or off is a change. A post without
 * such meta has the same hash as before builders counted.
 *
 * The hash of each row includes the post's id: otherwise two posts that get the same term would cancel each
 * other out. The hash of a meta row also includes the row's own id, because order and duplicates count.
 */
final class Sitebridge_Item_Hash {

	/**
	 * Knows the taxonomies.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Item_Fields $fields Knows the taxonomies.
	 */
	public function __construct( Sitebridge_Item_Fields $fields ) {
		$this->fields = $fields;
	}

	/**
	 * The hashes of posts in any status.
	 *
	 * @param string $post_type The post type.
	 * @param int[]  $ids       The ids of the posts.
	 * @return string[] Hashes (16 hex digits) by id; missing posts are left out.
	 */
	public function of( $post_type, array $ids ) {
		if ( array() === $ids ) {
			return array();
		}

		return wp_list_pluck( $this->rows( 'p.ID', $post_type, 'p.ID IN (' . implode( ',', array_map( 'intval', $ids ) ) . ')' ), 'hash', 'n' );
	}

	/**
	 * The number and the hash of a type's contents in each range of ids.
	 *
	 * @param string $post_type The post type.
	 * @param int    $size      Number of ids in a range; range n starts at id n × size.
	 * @return array[] For each range with contents: range, count, XOR of the hashes.
	 */
	public function ranges( $post_type, $size ) {
		return array_map(
			static function ( $row ) {
				return array( (int) $row->n, (int) $row->found, $row->hash );
			},
			$this->rows( 'p.ID DIV ' . (int) $size, $post_type, self::in_content() )
		);
	}

	/**
	 * The contents in some ranges.
	 *
	 * @param string $post_type The post type.
	 * @param int    $size      See ranges().
	 * @param int[]  $ranges    The ranges.
	 * @return array[] Id and hash of each content, by ascending id.
	 */
	public function in_ranges( $post_type, $size, array $ranges ) {
		$size  = (int) $size;
		$parts = array();
		foreach ( $ranges as $range ) {
			$parts[] = 'p.ID BETWEEN ' . ( (int) $range * $size ) . ' AND ' . ( ( (int) $range + 1 ) * $size - 1 );
		}

		return array_map(
			static function ( $row ) {
				return array( (int) $row->n, $row->hash );
			},
			array() === $parts ? array() : $this->rows( 'p.ID', $post_type, self::in_content() . ' AND (' . implode( ' OR ', $parts ) . ')' )
		);
	}

	/**
	 * The condition that the status of a post `p` belongs to the site's content.
	 *
	 * @return string SQL.
	 */
	public static function in_content() {
		return 'p.post_status IN ' . Sitebridge_Item_Query::words( self::statuses() );
	}

	/**
	 * The statuses of posts that belong to the site's content.
	 *
	 * @return string[]
	 */
	public static function statuses() {
		return array_values( array_diff( get_post_stati(), Sitebridge_Structure::UNCOUNTED_STATUSES ) );
	}

	/**
	 * Hashes posts, one by one or by range. Uses one statement, so that all parts of a hash belong to the
	 * same moment.
	 *
	 * @param string $key       SQL expression to group by.
	 * @param string $post_type The post type.
	 * @param string $condition SQL condition for posts `p`.
	 * @return object[] Rows with `n`, `found` and `hash`, by ascending `n`.
	 */
	private function rows( $key, $post_type, $condition ) {
		global $wpdb;

		$where = 'WHERE p.post_type IN ' . Sitebridge_Item_Query::words( array( $post_type ) ) . " AND {$condition} GROUP BY n";
		// A post without a password has the same hash as before passwords counted: CONCAT_WS() skips NULL.
		// Each text goes in as its own MD5. MD5s have a fixed length, so that texts cannot run into each
		// other, and they all have the same collation.
		$keys   = array_merge( array( '_thumbnail_id' ), Sitebridge_Item_Fields::meta_keys( $post_type ) );
		$marked = array_values( array_diff( Sitebridge_Item_Builder::keys(), $keys ) );
		// The layout of a builder is large, and its own save changes the post. That there is one is enough.
		$layouts = array_values( array_diff( Sitebridge_Item_Builder::layout_keys(), $keys ) );
		$value   = array() === $layouts ? "COALESCE(MD5(m.meta_value), '')" : 'IF(m.meta_key IN ' . Sitebridge_Item_Query::words( $layouts ) . ", 'layout', COALESCE(MD5(m.meta_value), ''))";
		$parts   = array(
			"SELECT {$key} AS n, COUNT(*) AS found, " . self::hash( "'p', p.ID, MD5(p.post_title), MD5(p.post_content), MD5(p.post_excerpt), MD5(p.post_name), MD5(p.post_status), p.post_author, p.post_date, p.post_date_gmt, p.post_modified, p.post_modified_gmt, p.post_parent, IF(p.post_password = '', NULL, 'protected')" ) . " AS hash FROM {$wpdb->posts} p {$where}",
			"SELECT {$key} AS n, 0 AS found, " . self::hash( "'m', p.ID, m.meta_id, {$value}" ) . " AS hash FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID AND m.meta_key IN " . Sitebridge_Item_Query::words( array_merge( $keys, $marked ) ) . " {$where}",
		);
		$taxonomies = $this->fields->taxonomies( $post_type );
		if ( array() !== $taxonomies ) {
			// STRAIGHT_JOIN starts with the posts. MySQL would start with a taxonomy that has few terms,
			// which is slower.
			$parts[] = "SELECT STRAIGHT_JOIN {$key} AS n, 0 AS found, " . self::hash( "'t', p.ID, x.term_taxonomy_id, MD5(t.slug), MD5(t.name)" ) . " AS hash FROM {$wpdb->posts} p JOIN {$wpdb->term_relationships} r ON r.object_id = p.ID JOIN {$wpdb->term_taxonomy} x ON x.term_taxonomy_id = r.term_taxonomy_id AND x.taxonomy IN " . Sitebridge_Item_Query::words( $taxonomies ) . " JOIN {$wpdb->terms} t ON t.term_id = x.term_id {$where}";
		}
		// HAVING drops rows without a post: a term that changes between two parts must not add an empty
		// range.
		$sql = "SELECT n, SUM(found) AS found, LOWER(LPAD(HEX(BIT_XOR(hash)), 16, '0')) AS hash FROM (" . implode( ' UNION ALL ', $parts ) . ') parts GROUP BY n HAVING SUM(found) > 0 ORDER BY n';

		return Sitebridge_Item_Query::rows( $sql );
	}

	/**
	 * SQL for the XOR, over all rows, of 64 bits of the MD5 of some expressions.
	 *
	 * @param string $expressions SQL expressions, separated by commas.
	 * @return string SQL.
	 */
	private static function hash( $expressions ) {
		return "BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS(' ', {$expressions})), 16), 16, 10) AS UNSIGNED))";
	}
}
