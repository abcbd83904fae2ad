<?php
/**
 * What the links of contents are made of.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A content's link is made of the content itself and of rules for its type: the home address, the permalink
 * structure, and the slugs of posts above it, of authors and of categories. A content's hash leaves the rules out.
 * Otherwise a new permalink structure would have a server read every text again.
 */
final class Sitebridge_Item_Link_Rules {

	/**
	 * A hash of the rules for the links of a post type. If it changes, links change without their posts.
	 *
	 * @param string $post_type The post type.
	 * @return string 16 hex digits.
	 */
	public static function of( $post_type ) {
		global $wp_rewrite, $wpdb;

		$structure = (string) get_option( 'permalink_structure' );
		$rules     = array( get_option( 'home' ), $structure, $post_type, self::type_structure( $wp_rewrite, $post_type ) );
		if ( 'page' === $post_type ) {
			// The front page has the address of the site.
			array_push( $rules, get_option( 'show_on_front' ), (int) get_option( 'page_on_front' ) );
		}
		if ( 'post' === $post_type && false !== strpos( $structure, '%author%' ) ) {
			$rules[] = self::hash( 'u.ID, MD5(u.user_nicename)', "{$wpdb->users} u" );
		}
		if ( 'post' === $post_type && false !== strpos( $structure, '%category%' ) ) {
			$rules[] = self::hash( 't.term_id, MD5(t.slug), x.parent', "{$wpdb->term_taxonomy} x JOIN {$wpdb->terms} t ON t.term_id = x.term_id AND x.taxonomy = 'category'" );
		}
		if ( is_post_type_hierarchical( $post_type ) ) {
			$above   = "SELECT DISTINCT p.post_parent AS id FROM {$wpdb->posts} p WHERE p.post_parent > 0 AND p.post_type IN " . Sitebridge_Item_Query::words( array( $post_type ) );
			$rules[] = self::hash( 'q.ID, MD5(q.post_name), q.post_parent', "({$above}) above JOIN {$wpdb->posts} q ON q.ID = above.id" );
		}

		return substr( md5( (string) wp_json_encode( $rules ) ), 0, 16 );
	}

	/**
	 * The structure of the links of a type other than posts.
	 *
	 * @param WP_Rewrite $rewrite   Knows the structures.
	 * @param string     $post_type The post type.
	 * @return string|false
	 */
	private static function type_structure( $rewrite, $post_type ) {
		if ( 'post' === $post_type ) {
			return false;
		}

		return 'page' === $post_type ? $rewrite->get_page_permastruct() : $rewrite->get_extra_permastruct( $post_type );
	}

	/**
	 * The XOR, over all rows, of 64 bits of the MD5 of some expressions.
	 *
	 * @param string $expressions SQL expressions, separated by commas.
	 * @param string $from        SQL of the tables.
	 * @return string
	 */
	private static function hash( $expressions, $from ) {
		$rows = Sitebridge_Item_Query::rows( "SELECT HEX(BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS(' ', {$expressions})), 16), 16, 10) AS UNSIGNED))) AS hash FROM {$from}" );

		return (string) $rows[0]->hash;
	}
}
