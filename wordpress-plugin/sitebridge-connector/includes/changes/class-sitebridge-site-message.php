<?php
/**
 * The messages about terms and about the site itself.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Builds the messages about terms and about the site itself.
 */
final class Sitebridge_Site_Message {

	/**
	 * The message about a term as it is now.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @param int    $term_id  The term.
	 * @param string $was      The slug before the change, or '' when the term is new.
	 * @return string|null JSON, or null when the term does not exist.
	 */
	public static function term( $taxonomy, $term_id, $was ) {
		$term = get_term( $term_id, $taxonomy );

		return $term instanceof WP_Term ? self::encode( self::term_facts( $term ) + self::was( $was ) + self::at() ) : null;
	}

	/**
	 * The message that a term was deleted.
	 *
	 * @param array $facts   See term_facts().
	 * @param int   $default The term that posts get whose last term of the taxonomy is deleted, or 0.
	 * @return string JSON.
	 */
	public static function deleted_term( array $facts, $default ) {
		$instead = $default > 0 ? get_term( $default, $facts['taxonomy'] ) : null;

		return self::encode( $facts + array( 'deleted' => true ) + ( $instead instanceof WP_Term ? array( 'instead' => self::names( $instead ) ) : array() ) + self::at() );
	}

	/**
	 * The fields of a term.
	 *
	 * @param WP_Term $term The term.
	 * @return array
	 */
	public static function term_facts( WP_Term $term ) {
		return array(
			'taxonomy'    => $term->taxonomy,
			'external_id' => (string) $term->term_id,
		) + self::names( $term ) + ( $term->parent > 0 ? array( 'parent_external_id' => (string) $term->parent ) : array() );
	}

	/**
	 * The message about the site itself.
	 *
	 * @param bool $posts_changed Whether many posts have changed without a new date.
	 * @return string JSON.
	 */
	public static function site( $posts_changed ) {
		return self::encode(
			array(
				'home'                => untrailingslashit( (string) get_option( 'home' ) ),
				'site_url'            => untrailingslashit( (string) get_option( 'siteurl' ) ),
				'name'                => self::plain( (string) get_option( 'blogname' ) ),
				'permalink_structure' => (string) get_option( 'permalink_structure' ),
				'time_zone'           => wp_timezone_string(),
			) + ( $posts_changed ? array( 'posts_changed' => true ) : array() ) + self::at()
		);
	}

	/**
	 * Slug and name, the name as plain text. WordPress stores `&` as `&amp;`.
	 *
	 * @param WP_Term $term The term.
	 * @return string[]
	 */
	private static function names( WP_Term $term ) {
		return array(
			'slug' => Sitebridge_Item_Fields::text( $term->slug ),
			'name' => self::plain( $term->name ),
		);
	}

	/**
	 * A stored name as plain text in valid UTF-8.
	 *
	 * @param string $name The name.
	 * @return string
	 */
	private static function plain( $name ) {
		return html_entity_decode( Sitebridge_Item_Fields::text( $name ), ENT_QUOTES | ENT_HTML5, 'UTF-8' );
	}

	/**
	 * The field about the term before the change.
	 *
	 * @param string $slug The slug before the change, or ''.
	 * @return array
	 */
	private static function was( $slug ) {
		return '' === $slug ? array() : array( 'was' => array( 'slug' => Sitebridge_Item_Fields::text( $slug ) ) );
	}

	/**
	 * The time of the message.
	 *
	 * @return string[]
	 */
	private static function at() {
		return array( 'at' => gmdate( 'Y-m-d\TH:i:s\Z' ) );
	}

	/**
	 * A message as JSON in plain ASCII, which every database stores unchanged.
	 *
	 * @param array $message The message.
	 * @return string
	 */
	private static function encode( array $message ) {
		return (string) wp_json_encode( $message );
	}
}
