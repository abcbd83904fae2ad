<?php
/**
 * The fields of a content, as both routes and messages give them.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads single fields of a post as WordPress's own REST API gives them with `context=edit`. Routes and
 * messages share it: what they said differently would look to the server like a change.
 */
final class Sitebridge_Item_Fields {

	/**
	 * Types for which core's REST API fixes what they have, whatever they support.
	 */
	const FIXED_TYPES = array( 'post', 'page' );

	/**
	 * Knows which taxonomies are told about.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Reads and writes meta as core's REST API does, by post type.
	 *
	 * @var WP_REST_Post_Meta_Fields[]
	 */
	private $meta = array();

	/**
	 * Their schemas, by post type.
	 *
	 * @var array[]
	 */
	private $schemas = array();

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Structure $structure Knows which taxonomies are told about.
	 */
	public function __construct( Sitebridge_Structure $structure ) {
		$this->structure = $structure;
	}

	/**
	 * The taxonomies of a post type that the REST API shows.
	 *
	 * @param string $post_type The post type.
	 * @return string[]
	 */
	public function taxonomies( $post_type ) {
		return array_values( array_filter( get_object_taxonomies( $post_type ), array( $this->structure, 'has_taxonomy' ) ) );
	}

	/**
	 * A post's terms, with their names as a person reads them: WordPress stores `&` as `&amp;`.
	 *
	 * @param WP_Post $post The post.
	 * @return array[] Each with `taxonomy`, `slug` and `name`.
	 */
	public function terms( WP_Post $post ) {
		$found = array();
		foreach ( $this->taxonomies( $post->post_type ) as $taxonomy ) {
			$terms = get_the_terms( $post, $taxonomy );
			foreach ( is_array( $terms ) ? $terms : array() as $term ) {
				$found[] = array(
					'taxonomy' => $taxonomy,
					'slug'     => self::text( $term->slug ),
					'name'     => html_entity_decode( self::text( $term->name ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ),
				);
			}
		}

		return $found;
	}

	/**
	 * The values of the meta keys that are registered for the REST API.
	 *
	 * @param WP_Post $post The post.
	 * @return array|object Values by name, of which JSON can hold each.
	 */
	public function meta( WP_Post $post ) {
		if ( ! self::has_meta( $post->post_type ) ) {
			return array();
		}
		$type = $post->post_type;
		if ( ! isset( $this->schemas[ $type ] ) ) {
			$this->schemas[ $type ] = $this->meta_fields( $type )->get_field_schema();
		}
		$request = new WP_REST_Request( 'GET' );
		$request->set_param( 'context', 'edit' );
		$values = rest_filter_response_by_context( $this->meta_fields( $type )->get_value( $post->ID, $request ), $this->schemas[ $type ], 'edit' );
		if ( array() === $values || false !== wp_json_encode( $values ) ) {
			return $values;
		}

		// A value that JSON cannot hold, such as INF, becomes null; it must not spoil all the others.
		return json_decode( (string) wp_json_encode( $values, JSON_PARTIAL_OUTPUT_ON_ERROR ) );
	}

	/**
	 * The keys, in the database, of the meta that the REST API shows of a post type.
	 *
	 * @param string $post_type The post type.
	 * @return string[]
	 */
	public static function meta_keys( $post_type ) {
		if ( ! self::has_meta( $post_type ) ) {
			return array();
		}
		$registered = get_registered_meta_keys( 'post', $post_type ) + get_registered_meta_keys( 'post' );
		$shown      = array_filter(
			$registered,
			static function ( $args ) {
				return ! empty( $args['show_in_rest'] );
			}
		);

		return array_map( 'strval', array_keys( $shown ) );
	}

	/**
	 * What reads and writes a post type's meta.
	 *
	 * @param string $post_type The post type.
	 * @return WP_REST_Post_Meta_Fields
	 */
	public function meta_fields( $post_type ) {
		if ( ! isset( $this->meta[ $post_type ] ) ) {
			$this->meta[ $post_type ] = new WP_REST_Post_Meta_Fields( $post_type );
		}

		return $this->meta[ $post_type ];
	}

	/**
	 * Whether the REST API shows meta of a post type.
	 *
	 * @param string $post_type The post type.
	 * @return bool
	 */
	public static function has_meta( $post_type ) {
		return in_array( $post_type, self::FIXED_TYPES, true ) || post_type_supports( $post_type, 'custom-fields' );
	}

	/**
	 * Whether the REST API shows the featured image of a post type.
	 *
	 * @param string $post_type The post type.
	 * @return bool
	 */
	public static function has_picture( $post_type ) {
		return in_array( $post_type, self::FIXED_TYPES, true ) || post_type_supports( $post_type, 'thumbnail' );
	}

	/**
	 * A post's featured image.
	 *
	 * @param WP_Post $post The post.
	 * @return int The attachment's id; 0 when there is none.
	 */
	public static function picture( WP_Post $post ) {
		return self::has_picture( $post->post_type ) ? (int) get_post_thumbnail_id( $post ) : 0;
	}

	/**
	 * A post's date in UTC. For a draft without a date of its own, which moves each time it is saved, the
	 * date that it would have now.
	 *
	 * @param WP_Post $post The post.
	 * @return string|null Such as `2026-01-02T03:04:05`; null when it has none.
	 */
	public static function date_gmt( WP_Post $post ) {
		return self::time( '0000-00-00 00:00:00' === $post->post_date_gmt ? get_gmt_from_date( $post->post_date ) : $post->post_date_gmt );
	}

	/**
	 * When a post was last modified, in UTC. A draft that was never published may have no such time.
	 *
	 * @param WP_Post $post The post.
	 * @return string|null Such as `2026-01-02T03:04:05`; null when it has none.
	 */
	public static function modified_gmt( WP_Post $post ) {
		$modified = $post->post_modified_gmt;
		if ( '0000-00-00 00:00:00' === $modified ) {
			// With the offset of today, as core does: not with the one of that day.
			$modified = gmdate( 'Y-m-d H:i:s', strtotime( $post->post_modified ) - (int) ( (float) get_option( 'gmt_offset' ) * HOUR_IN_SECONDS ) );
		}

		return self::time( $modified );
	}

	/**
	 * A text in UTF-8. A table in another encoding may hold bytes that are none, of which one would spoil
	 * a whole page of JSON; they are replaced as core's own JSON has them replaced.
	 *
	 * @param string $text The text as stored.
	 * @return string
	 */
	public static function text( $text ) {
		$text = (string) $text;

		return 1 === preg_match( '//u', $text ) ? $text : _wp_json_convert_string( $text );
	}

	/**
	 * A time as core's REST API writes it.
	 *
	 * @param string $time As in the database.
	 * @return string|null
	 */
	private static function time( $time ) {
		if ( '0000-00-00 00:00:00' === $time ) {
			return null;
		}
		$written = mysql_to_rfc3339( $time );

		return false === $written ? null : $written;
	}
}
